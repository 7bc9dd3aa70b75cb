import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, openPage } from './helpers/browser.js';
import { startServer, type TestServer } from './helpers/server.js';
import type { TrainInWorkerOutput } from './modules/train-in-worker.js';

let browser: Browser;
let server: TestServer;
beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), startServer()]);
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

test('a page stays responsive while its worker trains, and can ask it things', async () => {
  const { run, errors } = await openPage(browser, server);
  const out = await run<TrainInWorkerOutput>('train-in-worker.ts', 40);
  console.log(out);
  expect(errors).toEqual([]);
});
