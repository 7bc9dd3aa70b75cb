import type { EpochRecord } from '../../src/train/index.js';
import { decodeSafetensors } from '../../src/weights/index.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { OptionError } from '../../src/errors.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { temporaryFolder, tinyData, tinyNetwork } from './tiny.js';

const before = process.env['SOURCE_DATE_EPOCH'];
afterEach(() => {
  if (before === undefined) delete process.env['SOURCE_DATE_EPOCH'];
  else process.env['SOURCE_DATE_EPOCH'] = before;
});

/** One thread: one order of additions. */
const options: NodeTrainOptions = {
  ...{ network: tinyNetwork({ norm: true }), data: tinyData(), batchSize: 8, seed: 3 },
  ...{ epochs: 2, threads: 1, autotune: false, prefetch: false },
};
const read = (folder: string, name: string): Buffer => readFileSync(join(folder, name));
const epochsOf = (folder: string): readonly EpochRecord[] =>
  (JSON.parse(read(folder, 'history.json').toString()) as { epochs: EpochRecord[] }).epochs;

test('equal runs give equal files, byte for byte, the date of the card being given', async () => {
  process.env['SOURCE_DATE_EPOCH'] = '1700000000';
  const [a, b] = [temporaryFolder(), temporaryFolder()];
  const first = await trainResNet({ ...options, out: a });
  await trainResNet({ ...options, out: b });
  expect(read(a, 'checkpoint.safetensors').equals(read(b, 'checkpoint.safetensors'))).toBe(true);
  expect(read(a, 'model.onnx').equals(read(b, 'model.onnx'))).toBe(true);
  expect(read(a, 'model.onnx').includes('2023-11-14T22:13:20.000Z')).toBe(true);
  expect(Buffer.from(first.checkpoint).equals(read(a, 'checkpoint.safetensors'))).toBe(true);
  const extra = decodeSafetensors(read(a, 'checkpoint.safetensors'), 'a').metadata.get('extra') ?? '';
  expect(extra).toContain('"trainLoss"');
  expect(extra).not.toMatch(/seconds|imagesPerSecond/i);
  // The clock's numbers are in the history.
  for (const { seconds, imagesPerSecond } of epochsOf(a)) {
    expect(seconds).toBeGreaterThan(0);
    expect(imagesPerSecond).toBeGreaterThan(0);
  }
});

test('a resumed run gives the files of one that was not stopped, with the times of its history', async () => {
  process.env['SOURCE_DATE_EPOCH'] = '1700000000';
  const [whole, parts] = [temporaryFolder(), temporaryFolder()];
  await trainResNet({ ...options, out: whole });
  await trainResNet({ ...options, epochs: 1, out: parts });
  const [before] = epochsOf(parts);
  const checkpoint = join(parts, 'checkpoint.safetensors');
  const bytes = new Uint8Array(readFileSync(checkpoint));
  await trainResNet({ ...options, resume: checkpoint, out: parts });
  for (const name of ['checkpoint.safetensors', 'model.onnx']) {
    expect(read(parts, name).equals(read(whole, name)), name).toBe(true);
  }
  expect(epochsOf(parts)[0]).toEqual(before);
  // Bytes alone do not know them.
  const { history } = await trainResNet({ ...options, resume: bytes });
  expect(history.epochs[0]?.seconds).toBeNaN();
  expect(history.epochs[1]?.seconds).toBeGreaterThan(0);
});

test('a date that is none is refused before the training', async () => {
  process.env['SOURCE_DATE_EPOCH'] = 'yesterday';
  let steps = 0;
  const run = trainResNet({
    ...options,
    onBatchEnd: ({ step }) => {
      steps = step;
    },
  });
  await expect(run).rejects.toThrow(OptionError);
  expect(steps).toBe(0);
});
