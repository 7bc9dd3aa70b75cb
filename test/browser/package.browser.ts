import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { preview } from 'vite';
import { isolationHeaders } from '../../vite.config.js';
import { launch } from './helpers/browser.js';
import { bundle, makeConsumer, type Bundle, type Consumer } from './helpers/consumer.js';
import { beforeTests } from './helpers/file-setup.js';

let consumer: Consumer;
let browser: Browser;
beforeTests(async (afterTests) => {
  consumer = makeConsumer();
  afterTests(() => {
    consumer.remove();
  });
  browser = await launch();
  afterTests(() => browser.close());
});

const page = (script: string): string =>
  `<!doctype html><html lang="en"><head><title>t</title><link rel="icon" href="data:,"></head>` +
  `<body><script type="module">${script}</script></body></html>`;

const isRuntime = (id: string): boolean => id.includes('/onnxruntime-web/');

/** The scripts without those that hold ONNX Runtime. */
function ownChunks({ chunks }: Bundle): Bundle['chunks'] {
  return chunks.filter(({ moduleIds }) => !moduleIds.some(isRuntime));
}

const classes = Array.from({ length: 10 }, (_, i) => `class ${i}`);

/** A page that works with all of ort-train, and lays the results down for the test. */
const everything = `
import {
  buildGraph, createTrainingArtifacts, createWebSession, embeddedDigits, exportModel, loadClassifier, prepareBatch,
  presetNetwork, readModelCard, Trainer, TrainingWorker, trainResNet,
} from 'ort-train';

async function everything() {
  const network = presetNetwork('resnet20-cifar', { classes: 10, channels: 1, imageSize: 28 });
  const { nodes } = buildGraph(network, 'training', { optimizer: { kind: 'adam' } });
  const { inference, manifest } = createTrainingArtifacts(network);
  const exported = exportModel({ name: 'm', bytes: inference }, undefined, { classes: ${JSON.stringify(classes)} });
  const digits = embeddedDigits({ train: 16, test: 4 });
  const trainer = await Trainer.create(network, { createSession: createWebSession, threads: 2 });
  const batch = await prepareBatch(digits.train, [0, 1, 2, 3, 4, 5, 6, 7]);
  const losses = [];
  for (let i = 0; i < 3; i++) losses.push((await trainer.step(batch, 1e-2)).loss);
  const { device } = trainer;
  await trainer.dispose();
  const small = { preset: 'mnist-cnn-small', epochs: 1, batchSize: 8, threads: 2 };
  const { model, history } = await trainResNet({ ...small, data: digits });
  const classifier = await loadClassifier(model);
  const pixels = digits.test.images.subarray(0, 784);
  const { probabilities } = await classifier.predict({ pixels, channels: 1, height: 28, width: 28 });
  await classifier.dispose();
  const worker = await TrainingWorker.start();
  const inWorker = await worker.train({ ...small, data: digits });
  await worker.dispose();
  return {
    isolated: crossOriginIsolated,
    nodes: nodes.length,
    parameters: manifest.parameters.size,
    card: readModelCard(exported, 'm'),
    losses,
    device,
    stepLosses: history.stepLosses,
    probability: probabilities.reduce((sum, { probability }) => sum + probability, 0),
    inWorker: { device: inWorker.device, stepLosses: inWorker.history.stepLosses },
  };
}

everything().then(
  (result) => { globalThis.result = result; },
  (error) => { globalThis.result = { error: String(error.stack ?? error) }; },
);
`;

describe('the whole package in a bundle', () => {
  let bundled: Bundle;
  beforeAll(async () => {
    consumer.write('index.html', page(everything));
    bundled = await bundle(consumer);
  });

  test('brings nothing of Node', () => {
    const modules = [...bundled.importers.keys()];
    expect(modules.filter((id) => id.endsWith('/ort-train/dist/index-web.js'))).toHaveLength(1);
    const packages =
      /\/node_modules\/(?:sharp|yargs|onnxruntime-node|env-paths|write-file-atomic|cli-progress)\//;
    expect(modules.filter((id) => packages.test(id))).toEqual([]);
    const ownForNode = /\/ort-train\/dist\/(?:.*(?:\/|-)node|cli\/.*|index)\.js$/;
    expect(modules.filter((id) => ownForNode.test(id))).toEqual([]);
    // Vite puts an empty module in place of each of Node's own; ONNX Runtime asks for some where it runs in Node.
    const builtins = modules.filter((id) => id.includes('__vite-browser-external'));
    const askedBy = builtins.flatMap((id) => bundled.importers.get(id) ?? []);
    expect(askedBy.filter((id) => !isRuntime(id))).toEqual([]);
    for (const { code, fileName } of ownChunks(bundled)) {
      expect(code.match(/["'`]node:[\w/]+["'`]|onnxruntime-node|\bsharp\b|\byargs\b/g), fileName).toBeNull();
    }
  });

  test('differentiates, makes artifacts, trains, exports and classifies in the page and in its worker', async () => {
    const result = (await runBuilt(bundled)) as Record<string, unknown>;
    const { stepLosses } = result as { stepLosses?: readonly number[] };
    expect(result).toMatchObject({
      isolated: true,
      // ResNet-20 with one input channel: 288 weights fewer than the 269,722 that torchvision counts for three.
      parameters: 269_434,
      card: { network: 'resnet20-cifar', classes },
      device: { chosen: 'wasm', threads: 2 },
      inWorker: { device: { chosen: 'wasm', threads: 2 } },
    });
    expect(result['nodes']).toBeGreaterThan(200);
    const [first = NaN, , third = NaN] = result['losses'] as readonly number[];
    expect(third).toBeLessThan(first);
    expect(result['probability']).toBeCloseTo(1, 6);
    expect(stepLosses).toHaveLength(2);
    // The same sums in the same order, whoever calls.
    expect((result['inWorker'] as { readonly stepLosses: readonly number[] }).stepLosses).toEqual(stepLosses);
  });
});

describe('the classifier alone in a bundle', () => {
  test('is under 40 kB gzipped without ONNX Runtime', async () => {
    consumer.write(
      'index.html',
      page(
        `import { loadClassifier } from 'ort-train/classifier'; globalThis.result = String(loadClassifier);`,
      ),
    );
    const bundled = await bundle(consumer);
    const bytes = ownChunks(bundled).reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
    process.stdout.write(
      `ort-train/classifier: ${(bytes / 1000).toFixed(1)} kB gzipped beside ONNX Runtime\n`,
    );
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(40_000);
    const modules = [...bundled.importers.keys()];
    expect(modules.filter((id) => /\/node_modules\/(?:onnx-proto|protobufjs|echarts)\//.test(id))).toEqual(
      [],
    );
    expect(await runBuilt(bundled)).toMatch(/function/);
  });
});

describe('types of the package', () => {
  const strict = { strict: true, noEmit: true, skipLibCheck: true, target: 'ES2022' };

  test('are the browser’s for a bundler', () => {
    consumer.write(
      'consumer.ts',
      `
      import { createWebSession, loadClassifier, trainResNet } from 'ort-train';
      import { loadClassifier as load } from 'ort-train/classifier';
      export async function use(file: File, canvas: HTMLCanvasElement): Promise<string> {
        await trainResNet({ data: 'digits', init: file });
        // @ts-expect-error a browser has no folders
        await trainResNet({ data: 'digits', out: 'runs' });
        // @ts-expect-error nor paths
        await trainResNet({ init: 'weights.safetensors' });
        await (await loadClassifier(file)).predict(canvas, { resize: true });
        // @ts-expect-error a path is no picture
        await (await load(file)).predict('digit.png');
        return (await createWebSession(new Uint8Array())).device.chosen;
      }
      // @ts-expect-error Node's alone
      export { createNodeSession } from 'ort-train';
      `,
    );
    const options = {
      ...strict,
      module: 'ESNext',
      moduleResolution: 'bundler',
      lib: ['ES2023', 'DOM'],
      types: [],
    };
    expect(consumer.typeErrors(options)).toBe('');
  });

  test('are Node’s for Node, and ask for no DOM', () => {
    consumer.write(
      'consumer.ts',
      `
      import { createNodeSession, loadClassifier, trainResNet } from 'ort-train';
      import { loadClassifier as load } from 'ort-train/classifier';
      export async function use(): Promise<string> {
        await trainResNet({ data: 'mnist', out: 'runs', init: 'weights.safetensors' });
        await (await loadClassifier('m.onnx')).predict('digit.png', { invert: true });
        await (await load('m.onnx')).predict('digit.png');
        return (await createNodeSession(new Uint8Array())).device.chosen;
      }
      // @ts-expect-error the browser's alone
      export { createWebSession } from 'ort-train';
      `,
    );
    const options = { ...strict, skipLibCheck: false, module: 'NodeNext', lib: ['ES2023'], types: ['node'] };
    const errors = consumer.typeErrors(options).split('\n');
    // Of the declarations, ort-train's own are looked at; others' are their own matter.
    expect(errors.filter((line) => /ort-train|consumer\.ts/.test(line))).toEqual([]);
  });
});

/** Serves the built page with Vite's preview server and waits for its result. */
async function runBuilt({ folder }: Bundle): Promise<unknown> {
  const server = await preview({
    configFile: false,
    root: folder,
    logLevel: 'error',
    build: { outDir: folder },
    preview: { port: 0, host: 'localhost', headers: isolationHeaders },
  });
  onTestFinished(() => server.close());
  const tab = await browser.newPage();
  const errors: string[] = [];
  tab.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  tab.on('pageerror', (error) => errors.push(String(error)));
  await tab.goto(server.resolvedUrls?.local[0] ?? '');
  await tab.waitForFunction('globalThis.result !== undefined');
  expect(errors).toEqual([]);
  return tab.evaluate('globalThis.result');
}
