import type { Browser } from 'playwright-core';
import { expect, test } from 'vitest';
import { version } from '../../src/index.js';
import { launch, openPage } from './helpers/browser.js';
import { beforeTests } from './helpers/file-setup.js';
import { PipeBrowser } from './helpers/pipe-browser.js';
import { startServer, type TestServer } from './helpers/server.js';
import type { LoseDeviceTrainingOutput } from './modules/lose-device-training.js';
import type { TrainInWorkerOutput } from './modules/train-in-worker.js';
import type { WorkerTroublesOutput } from './modules/worker-troubles.js';

let browser: Browser;
let server: TestServer;
beforeTests(async (afterTests) => {
  server = await startServer();
  afterTests(() => server.close());
  browser = await launch();
  afterTests(() => browser.close());
});

test('a page stays responsive while its worker trains, and can ask it things', async () => {
  const { run, errors } = await openPage(browser, server);
  const out = await run<TrainInWorkerOutput>('train-in-worker.ts', 30);
  expect(out).toMatchObject({ crossOriginIsolated: true, device: { chosen: 'wasm' }, taught: 1, losses: 30 });
  // A page that did the work itself would have a turn or two between two steps; with its thread free it has dozens, and
  // however slow the machine is, a step is slower than a turn.
  expect(out.turnsBefore).toBeGreaterThan(3);
  expect(out.turnsWhile).toBeGreaterThan(3 * 30);
  expect(out.runtimes).toEqual([]);
  expect(out.told).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  expect(out.whilePaused).toBe(0);
  expect(out.mistakes).toHaveLength(4);
  for (const { label, predicted } of out.mistakes) expect(predicted).not.toBe(label);
  expect(errors).toEqual([]);
});

test('a tab that is hidden goes on at full speed, and is stored when it is hidden', async () => {
  const hidden = PipeBrowser.start();
  try {
    const evaluate = await hidden.openTab(server.blank);
    const module = server.urlOf(new URL('modules/hidden-run.ts', import.meta.url).pathname);
    const call = (name: string, ...args: readonly number[]): Promise<unknown> =>
      evaluate(`import(${JSON.stringify(module)}).then((module) => module.${name}(${args.join()}))`);
    await call('begin');
    await hidden.openTab('about:blank');
    expect(await call('untilStored')).toBe('hidden');
    // Browsers let the timers of a hidden page go off once a second: a run that waited for them would do one step for each.
    // This one does a hundred, and more than one on a machine far slower.
    const timers = 5;
    expect(await call('stepsDuring', timers)).toBeGreaterThan(timers);
  } finally {
    await hidden.close();
  }
});

test('what goes wrong with a worker is an error that says so, and the next thing works', async () => {
  const { run } = await openPage(browser, server);
  const out = await run<WorkerTroublesOutput>('worker-troubles.ts');
  const own = "cannot be loaded: expected JavaScript from the page's own origin";
  const gone = /^WorkerError: the worker is lost: the browser ended it, .* train\(\{ resume: 'stored' \}\)/;
  expect(out).toEqual({
    'missing script': expect.stringContaining(
      `WorkerError: the worker is lost: its script /no-such-worker.js ${own}, with the header Cross-Origin-Embedder-Policy`,
    ) as string,
    'broken script': expect.stringMatching(
      /^WorkerError: the worker is lost: it failed: .*bad luck \(blob:/,
    ) as string,
    'silent script': 'WorkerError: the worker did not answer within 200 ms: is its script served, and whole?',
    'foreign script': expect.stringMatching(
      /^WorkerError: the worker cannot start: .*; its script https:\/\/example\.org\/worker\.js cannot be loaded/,
    ) as string,
    'wrong URL': 'DeviceError: wasmPaths: expected the URL of a folder, got "http://["',
    'other version': `WorkerError: the worker's script is of ort-train ${version}, the page of 0.0.1: serve both from the same build`,
    'options that cannot be sent': expect.stringMatching(
      /^OptionError: train: expected options that can be sent to a worker \(no functions, .*could not be cloned/,
    ) as string,
    'a network of functions': expect.stringMatching(
      /^OptionError: network: expected numbers such as .* call trainResNet inside a worker of your own/,
    ) as string,
    'trainResNet with a network in a window': expect.stringMatching(
      /^OptionError: network: expected a preset or .*, got the network resnet8-cifar, .* call trainResNet inside a worker/,
    ) as string,
    'trainResNet in a window': '20 tensors, 2 steps',
    'data that are functions': expect.stringMatching(
      /^OptionError: data: expected data in memory or files, got digits\/train, which is read by functions of yours/,
    ) as string,
    'pictures that are decoded in the worker': '4 steps',
    'data of no kind': `OptionError: data: expected 'digits', files, or a data set in memory, got "mnist"`,
    'an image of another size': expect.stringMatching(/^OptionError: predict: expected a network/) as string,
    'a callback that throws': 'the very error',
    'a signal': expect.stringMatching(
      /^AbortedError: training was stopped after step \d+ \(enough\)$/,
    ) as string,
    'a signal that has fired': expect.stringMatching(/^AbortedError: training was stopped/) as string,
    'a run after all that': '2 steps',
    'a killed worker: the run': expect.stringMatching(gone) as string,
    'a killed worker: a prediction': expect.stringMatching(gone) as string,
    'a killed worker: what comes later': expect.stringMatching(gone) as string,
    'a worker that was disposed of': 'WorkerError: the worker was disposed of: start another one',
  });
});

test('a GPU that is lost in the middle of a run is replaced by wasm where that is allowed', async () => {
  const withGpu = await launch({ webgpu: true });
  try {
    const { run } = await openPage(withGpu, server);
    const out = await run<LoseDeviceTrainingOutput>('lose-device-training.ts');
    expect(out.devices).toEqual(['webgpu', 'wasm']);
    expect(out.warnings).toEqual([
      expect.stringMatching(/^the GPU was lost: .*; the run goes on with wasm after step [1-6]$/),
    ]);
    // A step that was told but is not in the last checkpoint is done, and told, again.
    expect(new Set(out.steps)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    expect(out.losses).toHaveLength(6);
    // Two devices, and after a step of one the other goes on: float32 in other orders.
    out.losses.forEach((loss, i) => {
      expect(Math.abs(loss - (out.onWasm[i] ?? NaN)), `step ${i + 1}`).toBeLessThan(1e-3);
    });
  } finally {
    await withGpu.close();
  }
});
