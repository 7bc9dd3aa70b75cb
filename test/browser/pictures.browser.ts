import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadClassifier, openData, trainResNet } from '../../src/index.js';
import { tempFolder } from '../data/helpers.js';
import { batchesOf } from '../data/pictures/batches-of.js';
import { noise, stickers } from '../data/pictures/stickers.js';
import { openPage, type TestPage } from './helpers/browser.js';
import { pageForTests } from './helpers/file-setup.js';
import type { ClassifyInput, ClassifyOutput } from './modules/classify.js';
import type { PicturesInput, PicturesOutput } from './modules/pictures.js';

const opened = pageForTests();

type Files = Readonly<Record<string, Uint8Array>>;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function inPage(
  files: Files,
  more: Omit<PicturesInput, 'files'>,
  on: TestPage = opened.page,
): Promise<PicturesOutput> {
  const encoded = Object.entries(files).map(([path, bytes]) => ({ path, bytes: base64(bytes) }));
  return on.run<PicturesOutput>('pictures.ts', { files: encoded, ...more } satisfies PicturesInput);
}

/** The files in a folder of their own on the disk; the path of one of their folders. */
async function onDisk(files: Files, name: string): Promise<string> {
  const folder = await tempFolder();
  for (const [path, bytes] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return join(folder, name);
}

describe('pictures of many sizes, some with transparency', () => {
  test('are the same pixels in Chromium as in Node, augmented ones, too', async () => {
    const files = { ...(await stickers(6)), 'stickers/notes.txt': Buffer.from('hello') };
    const options = { imageSize: 32 };
    const { train, report } = await openData(await onDisk(files, 'stickers'), options);
    const { batches, ...said } = await inPage(files, { do: 'batches', options });
    expect(said).toMatchObject({ shape: train.shape, classes: ['kühl blau', 'warm'] });
    expect(said.report).toMatchObject({
      valSplit: { share: 0.2, seed: 0 },
      skipped: [{ where: 'stickers/notes.txt', why: 'no picture' }],
      ...{ bad: [], duplicates: [], warnings: [] },
    });
    expect(report).toMatchObject({ valSplit: { share: 0.2, seed: 0 }, bad: [], duplicates: [] });
    const expected = await batchesOf(train);
    expect(expected.map(({ labels }) => labels.length)).toEqual([10, 10, 10]);
    // PNG has one meaning, pixels that are wholly there or not keep their colours, and transforms compute the same everywhere.
    expect(batches).toEqual(expected.map(({ images, labels }) => ({ images: base64(images), labels })));
    const handle = await inPage(files, { do: 'batches', as: 'handle', options });
    expect(handle.batches).toEqual(batches);
  });

  test('train in a worker, which decodes them, however they are given', async () => {
    const files = await stickers(8);
    const list = await inPage(files, { do: 'train', run: { maxSteps: 6 } });
    expect(list).toMatchObject({ shape: [3, 28, 28], decodedByPage: 0 });
    expect(list.losses).toHaveLength(6);
    // Blue and orange: six steps are enough to tell that it learns.
    expect(list.losses?.at(-1)).toBeLessThan(list.losses?.[0] ?? 0);
    const handle = await inPage(files, { do: 'train', as: 'handle', run: { maxSteps: 6 } });
    expect(handle).toMatchObject({ losses: list.losses, mistakes: list.mistakes, decodedByPage: 0 });
    const options = { imageSize: 28 };
    const split = await inPage(files, { do: 'train', as: 'split', options, run: { maxSteps: 6 } });
    expect(split).toMatchObject({ losses: list.losses, mistakes: list.mistakes, decodedByPage: 0 });
  });

  test('without the bad ones where that is asked for, and the run says which', async () => {
    const files: Record<string, Uint8Array> = await stickers(5);
    const whole = files['stickers/warm/2.png'] ?? new Uint8Array();
    files['stickers/warm/2.png'] = whole.subarray(0, 200);
    files['stickers/warm/copy.png'] = files['stickers/warm/4.png'] ?? new Uint8Array();
    const refused = await inPage(files, { do: 'train', run: { maxSteps: 1 } });
    expect(refused.error).toMatch(/^DataError: stickers\/warm\/2\.png: .*leave bad pictures out/);
    const { report, losses } = await inPage(files, {
      do: 'train',
      run: { maxSteps: 1, dataOptions: { skipBadImages: true, valSplit: 0.5 } },
    });
    expect(losses).toHaveLength(1);
    expect(report?.bad).toEqual([
      { where: 'stickers/warm/2.png', why: expect.stringMatching(/^stickers\/warm\/2\.png: /) as string },
    ]);
    expect(report?.valSplit).toEqual({ share: 0.5, seed: 0 });
  });
});

test('a run on pictures goes on after a reload where it stopped, on the same pictures alone', async () => {
  const files = await stickers(10);
  const run = { epochs: 3, maxSteps: 10 };
  const { losses: whole = [] } = await inPage(files, { do: 'train', run });
  expect(whole).toHaveLength(10);
  const context = await opened.browser.newContext();
  const first = await openPage(context, opened.server);
  const kept = { ...run, checkpointKey: 'pictures', checkpointSeconds: 0 };
  const { stored } = await inPage(files, { do: 'begin', run: kept }, first);
  expect(stored).toMatchObject({ data: 'stickers/train', finished: false });
  await first.page.reload();
  const resumed = { checkpointKey: 'pictures' };
  const fewer = Object.fromEntries(Object.entries(files).slice(1));
  expect((await inPage(fewer, { do: 'resume', run: resumed }, first)).error).toMatch(
    /^OptionError: data: the stored run 'pictures' trained on stickers\/train \(16 images\) and stickers\/test \(4\): expected the same to go on, got /,
  );
  const { losses = [], firstStep = 0 } = await inPage(files, { do: 'resume', run: resumed }, first);
  expect(firstStep).toBeGreaterThan(3);
  expect(losses).toEqual(whole.slice(firstStep - 1));
  await context.close();
});

test('a model that was trained in Node tells pictures in a page as evaluation does', async () => {
  const files: Record<string, Uint8Array> = {};
  for (const [path, bytes] of Object.entries(await stickers(4, 'set/train'))) files[path] = bytes;
  const sides = { seed: 77, height: 61, width: 93 };
  files['set/test/warm/a.png'] = await noise([120, 90, 60], { ...sides, sticker: true })
    .png()
    .toBuffer();
  files['set/test/kühl blau/b.jpg'] = await noise([90, 90, 120], { ...sides, sticker: false })
    .jpeg()
    .toBuffer();
  const folder = await onDisk(files, 'set');
  const network = { family: 'mnist-cnn', widths: [4, 8, 8] } as const;
  const { model } = await trainResNet({
    ...{ network, data: folder, imageSize: 40, epochs: 2, batchSize: 4, seed: 1, threads: 1 },
  });
  const { test: held } = await openData(folder, { imageSize: 40 });
  const [channels, height, width] = held.shape;
  const size = channels * height * width;
  const [pixels, labels] = [new Uint8Array(2 * size), new Int32Array(2)];
  await held.read([0, 1], { pixels, labels });
  const classifier = await loadClassifier(model, { threads: 1 });
  const evaluated = await classifier.predictAll(
    [0, 1].map((i) => ({
      pixels: pixels.subarray(i * size, (i + 1) * size),
      ...{ channels, height, width },
    })),
  );
  await classifier.dispose();
  // Evaluation has them in the order of their classes: the JPEG first.
  expect(Array.from(labels)).toEqual([0, 1]);
  const shown = ['set/test/kühl blau/b.jpg', 'set/test/warm/a.png'].map((path) => ({
    ...{ bytes: base64(files[path] ?? new Uint8Array()), as: 'file' as const },
  }));
  const told = await opened.page.run<ClassifyOutput>('classify.ts', {
    model: `base64,${base64(model)}`,
    images: shown,
  } satisfies ClassifyInput);
  expect(told.map(({ label, error }) => error ?? label)).toEqual(evaluated.map(({ label }) => label));
  for (const [i, { probability = NaN }] of told.entries()) {
    // The same pixels, or nearly so for JPEG, summed in another order by wasm.
    expect(Math.abs(probability - (evaluated[i]?.probability ?? NaN))).toBeLessThan(1e-3);
  }
});
