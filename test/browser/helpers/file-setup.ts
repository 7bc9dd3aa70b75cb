import { afterAll, beforeAll } from 'vitest';

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
