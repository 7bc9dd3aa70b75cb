import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import { transformed } from '../data/transforms/random.js';
import { launch, openPage, type TestPage } from './helpers/browser.js';
import { beforeTests } from './helpers/file-setup.js';
import { startServer, type TestServer } from './helpers/server.js';

let browser: Browser;
let server: TestServer;
let page: TestPage;
beforeTests(async (afterTests) => {
  server = await startServer();
  afterTests(() => server.close());
  browser = await launch();
  afterTests(() => browser.close());
  page = await openPage(browser, server);
});

test('transforms give the same pixels as in Node', async () => {
  const there = await page.run<readonly string[]>('transform.ts', {});
  const here = transformed().map(({ data }) => Buffer.from(data).toString('base64'));
  expect(here.length).toBeGreaterThan(100);
  expect(there).toEqual(here);
});
