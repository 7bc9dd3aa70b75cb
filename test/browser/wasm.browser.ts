import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasShared, sharedPath } from '../helpers/shared.js';
import { launch, openPage } from './helpers/browser.js';
import { beforeTests } from './helpers/file-setup.js';
import { startServer, type TestServer } from './helpers/server.js';
import type { GoldenInput, GoldenOutput } from './modules/golden-losses.js';

let browser: Browser;
let server: TestServer;
beforeTests(async (afterTests) => {
  server = await startServer();
  afterTests(() => server.close());
  browser = await launch();
  afterTests(() => browser.close());
});

const steps = 6;
const missing = !hasShared('golden', 'seed-mnist') || !hasShared('data', 'mnist');

describe.skipIf(missing)('training on wasm in a worker', () => {
  test.each([1, 2])('gives the losses of PyTorch with %i threads', async (threads) => {
    const { runInWorker, errors } = await openPage(browser, server);
    const { losses, device } = await runInWorker<GoldenOutput>('golden-losses.ts', {
      images: server.urlOf(sharedPath('data', 'mnist', 'train-images-idx3-ubyte.gz')),
      labels: server.urlOf(sharedPath('data', 'mnist', 'train-labels-idx1-ubyte.gz')),
      init: server.urlOf(sharedPath('golden', 'seed-mnist', 'init.safetensors')),
      ...{ steps, threads },
    } satisfies GoldenInput);
    const trace = JSON.parse(readFileSync(sharedPath('golden', 'seed-mnist', 'trace.json'), 'utf8')) as {
      readonly step_losses_epoch_1: readonly number[];
    };
    expect(losses).toHaveLength(steps);
    // The trajectory is determined for the first steps (see test/train/golden.test.ts); 1e-4 is float32 in another order.
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - (trace.step_losses_epoch_1[i] ?? NaN)), `step ${i + 1}`).toBeLessThan(1e-4);
    });
    expect(device).toMatchObject({ chosen: 'wasm', threads });
    expect(errors).toEqual([]);
  });
});
