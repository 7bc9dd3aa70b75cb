import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import { launch, openPage } from './helpers/browser.js';
import { beforeTests } from './helpers/file-setup.js';
import { startServer, type TestServer } from './helpers/server.js';
import type { LoseDeviceOutput } from './modules/lose-device.js';

let browser: Browser;
let server: TestServer;
beforeTests(async (afterTests) => {
  server = await startServer();
  afterTests(() => server.close());
  browser = await launch({ webgpu: true });
  afterTests(() => browser.close());
});

test('a GPU that is lost is an error that says so, and wasm goes on', async () => {
  const { runInWorker, errors } = await openPage(browser, server);
  const out = await runInWorker<LoseDeviceOutput>('lose-device.ts');
  expect(out.adapter).not.toBe('');
  const lost = 'the GPU was lost: Device was destroyed';
  expect(out.errors.slice(0, 2)).toEqual([`DeviceLostError: ${lost}`, `DeviceLostError: ${lost}`]);
  expect(out.errors[2]).toMatch(new RegExp(`^DeviceError: webgpu cannot start \\(${lost}\\); it needs`));
  expect(out.onWasm).toHaveLength(10);
  // Sums of at most 3,000 products in another order.
  out.onWasm.forEach((logit, i) => {
    expect(Math.abs(logit - (out.onGpu[i] ?? NaN))).toBeLessThan(1e-4);
  });
  expect(errors).toEqual([]);
});
