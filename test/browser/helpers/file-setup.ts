import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launch, openPage, type TestPage } from './browser.js';
import { startServer, type TestServer } from './server.js';

/** Remembers what is to be undone after the tests of a file. */
export type AfterTests = (undo: () => unknown) => void;

/**
 * Makes what the tests of a file share, and undoes it after them, the last thing first; also where something in between
 * cannot be made: then that is the only error, the tests are skipped, and no browser stays behind.
 *
 * @example
 * beforeTests(async (afterTests) => {
 *   browser = await launch();
 *   afterTests(() => browser.close());
 * });
 */
export function beforeTests(make: (afterTests: AfterTests) => Promise<void>): void {
  const undone: (() => unknown)[] = [];
  beforeAll(() => make((undo) => void undone.push(undo)));
  afterAll(async () => {
    for (const undo of undone.splice(0).reverse()) await undo();
  });
}

/** What the tests of a file run in. */
export interface Opened {
  readonly browser: Browser;
  readonly server: TestServer;
  readonly page: TestPage;
}

/** A browser with a page of the modules' server, from before the first test of a file until after its last. */
export function pageForTests(): Opened {
  const opened: { -readonly [K in keyof Opened]?: Opened[K] } = {};
  beforeTests(async (afterTests) => {
    const server = await startServer();
    afterTests(() => server.close());
    const browser = await launch();
    afterTests(() => browser.close());
    Object.assign(opened, { server, browser, page: await openPage(browser, server) });
  });
  return opened as Opened;
}
