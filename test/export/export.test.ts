import { runFiles, type TrainResult } from '../../src/train/index.js';
import { compileModel } from '../../src/program/index.js';
import { createTrainingArtifacts } from '../../src/artifacts/index.js';
import { decodeCheckpoint, encodeSafetensors } from '../../src/weights/index.js';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareBatch } from '../../src/data/index.js';
import { CheckpointError, DataError, IoError, ModelError, OptionError } from '../../src/errors.js';
import { exportModel, type PixelImage } from '../../src/export/index.js';
import { exportRun, loadClassifier, type NodeClassifier } from '../../src/export/node.js';
import { tensorOf } from '../../src/ir/index.js';
import { encodeModel, readModel } from '../../src/onnx/index.js';
import { Builder } from '../../src/ops/index.js';
import { createNodeSession } from '../../src/session/node.js';
import { trainResNet } from '../../src/train/node.js';
import { temporaryFolder, tinyData, tinyNetwork } from '../train/tiny.js';

const bare = fileURLToPath(new URL('../../examples/bare-onnxruntime-node.mjs', import.meta.url));
const network = tinyNetwork({ norm: true });
const { train, test: testSet } = tinyData(66);
const normalization = { mean: [0.3], std: [0.2] };

let run: TrainResult;
let classifier: NodeClassifier;
beforeAll(async () => {
  run = await trainResNet({
    network,
    data: { train, test: testSet },
    epochs: 1,
    batchSize: 8,
    normalization,
    foldBatchNorm: false,
  });
  classifier = await loadClassifier(run.model, { threads: 1 });
});
afterAll(() => classifier.dispose());

/** The first images of the training set. */
function images(count: number): PixelImage[] {
  const size = { channels: 1, height: 8, width: 8 };
  return Array.from({ length: count }, (_, i) => ({
    ...size,
    pixels: train.images.slice(i * 64, (i + 1) * 64),
  }));
}

/** The eval graph's logits of the same images. */
async function evalLogits(count: number): Promise<Float32Array> {
  const { state } = decodeCheckpoint(network, { kind: 'adam' }, run.checkpoint, 'c');
  const batch = await prepareBatch(
    train,
    Array.from(images(count), (_, i) => i),
    undefined,
    normalization,
  );
  const session = await createNodeSession(compileModel(network, 'eval', { optimizer: { kind: 'adam' } }));
  const { logits } = await session.run(
    {
      params: tensorOf('float32', [state.params.length], [...state.params]),
      buffers: tensorOf('float32', [state.buffers.length], [...state.buffers]),
      input: { dtype: 'float32', shape: [count, 1, 8, 8], data: batch.images },
      target: { dtype: 'int32', shape: [count], data: batch.labels },
    },
    ['logits'],
  );
  await session.dispose();
  return logits?.data as Float32Array;
}

/** The promise of the project; ONNX Runtime fuses constant weights otherwise, which costs some roundings. */
function expectSameLogits(actual: readonly number[], expected: Float32Array): void {
  expect(actual).toHaveLength(expected.length);
  expect(Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? NaN))))).toBeLessThan(1e-5);
}

describe('the exported model', () => {
  test.each([1, 3, 64])('gives the logits of the eval graph for a batch of %i', async (count) => {
    const predictions = await classifier.predictAll(images(count));
    expectSameLogits(
      predictions.flatMap(({ logits }) => [...logits]),
      await evalLogits(count),
    );
  });

  test('says what it is', () => {
    const { card } = classifier;
    expect(card).toMatchObject({ network: 'tiny', classes: train.classes, input: [1, 8, 8], normalization });
    expect(card.provenance).toMatchObject({
      data: 'tiny/train',
      init: 'seed 0',
      optimizer: { kind: 'adam' },
      step: 9,
      testAccuracy: run.testAccuracy,
    });
    expect(Date.parse(String(card.provenance['date']))).not.toBeNaN();
    const { inputs, outputs } = readModel(run.model, 'm');
    expect(inputs).toMatchObject([{ name: 'input', shape: ['N', 1, 8, 8] }]);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['logits', ['N', 3]],
      ['probabilities', ['N', 3]],
    ]);
  });

  test('runs in a bare script of onnxruntime-node', async () => {
    const folder = temporaryFolder();
    const [model, pixels] = [join(folder, 'm.onnx'), join(folder, 'pixels.bin')];
    writeFileSync(model, run.model);
    const { images: input } = await prepareBatch(train, [0, 1, 2], undefined, normalization);
    writeFileSync(pixels, new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [bare, model, pixels]);
    expect(stderr).toBe('');
    expectSameLogits(JSON.parse(stdout) as number[], await evalLogits(3));
    // The README shows five lines of the like.
    const lines = readFileSync(bare, 'utf8')
      .split('\n')
      .filter((line) => /^(const|console)/.test(line));
    expect(lines).toHaveLength(5);
  });
});

describe('a classifier', () => {
  test('tells labels with probabilities, the most probable first', async () => {
    const prediction = await classifier.predict(images(1)[0] as PixelImage);
    const { probabilities } = prediction;
    expect(prediction).toMatchObject({
      label: probabilities[0]?.label,
      probability: probabilities[0]?.probability,
    });
    expect(probabilities.map(({ label }) => label).toSorted()).toEqual([...train.classes].toSorted());
    expect(probabilities.map(({ probability }) => probability)).toEqual(
      probabilities.map(({ probability }) => probability).toSorted((a, b) => b - a),
    );
    expect(probabilities.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
  });

  test('reads a PNG, from its path or its bytes, as the pixels themselves', async () => {
    const [image] = images(1);
    const path = join(temporaryFolder(), 'image.png');
    const raw = { width: 8, height: 8, channels: 1 } as const;
    const png = await sharp(image?.pixels, { raw }).png().toBuffer();
    writeFileSync(path, png);
    const { logits } = await classifier.predict(image as PixelImage);
    expect((await classifier.predict(path)).logits).toEqual(logits);
    expect((await classifier.predict(png)).logits).toEqual(logits);
    expect(await classifier.predictAll([])).toEqual([]);
  });

  test('refuses images of another size, cut off, or none', async () => {
    const wide = await sharp({ create: { width: 9, height: 8, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    await expect(classifier.predict(wide)).rejects.toThrow(/expected an image of 8x8 .* got 8x9/);
    await expect(classifier.predict(wide, { resize: true })).resolves.toBeDefined();
    await expect(classifier.predict(wide.subarray(0, 40))).rejects.toThrow(DataError);
    await expect(classifier.predict('nowhere.png')).rejects.toThrow(/nowhere\.png: expected an image/);
    const [image] = images(1) as [PixelImage];
    await expect(classifier.predict({ ...image, height: 4, width: 16 })).rejects.toThrow(
      /expected 1x8x8 pixels, got 1x4x16/,
    );
    await expect(classifier.predict({ ...image, pixels: new Uint8Array(63) })).rejects.toThrow(
      /got 1x8x8 in 63 bytes/,
    );
  });
});

describe('loadClassifier', () => {
  test('takes a path', async () => {
    const path = join(temporaryFolder(), 'm.onnx');
    writeFileSync(path, run.model);
    const loaded = await loadClassifier(path);
    expect(loaded.device.chosen).toBe('cpu');
    await loaded.dispose();
    await expect(loadClassifier(join(path, 'x'))).rejects.toThrow(IoError);
    await expect(loadClassifier('nowhere.onnx')).rejects.toThrow(
      /cannot read nowhere\.onnx: it does not exist/,
    );
  });

  const foreign = (): Uint8Array => {
    const b = new Builder();
    const x = b.input('input', 'float32', ['N', 4]);
    return encodeModel(b.finish('other', [{ name: 'y', value: b.relu(x) }]));
  };
  test.each<readonly [what: string, bytes: () => Uint8Array, message: RegExp]>([
    ['an empty file', () => new Uint8Array(), /^model: expected an ONNX model, got 0 bytes/],
    ['a file that is cut off', () => run.model.subarray(0, 2000), /^model: /],
    [
      'another kind of file',
      () => new TextEncoder().encode('%PDF-1.7 and so on'),
      /^model: expected an ONNX model/,
    ],
    [
      'a model that is no classifier',
      foreign,
      /^model: expected a classifier exported by ort-train, .* no 'ort_train/,
    ],
  ])('refuses %s', async (_, bytes, message) => {
    const loading = loadClassifier(bytes());
    await expect(loading).rejects.toThrow(ModelError);
    await expect(loading).rejects.toThrow(message);
  });

  test('refuses a model whose graph is not what its labels say', async () => {
    const { metadata } = readModel(run.model, 'm');
    const b = new Builder();
    const x = b.input('input', 'float32', ['N', 1, 8, 8]);
    const flat = b.reshape(x, ['N', 64]);
    const bytes = encodeModel(b.finish('odd', [{ name: 'logits', value: b.relu(flat) }]), {
      metadata: Object.fromEntries(metadata),
    });
    await expect(loadClassifier(bytes)).rejects.toThrow(/^model: expected logits of 3 classes, .* got 64$/);
  });
});

describe('exportRun', () => {
  const folderOf = (): string => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, runFiles.model), run.model);
    writeFileSync(join(folder, runFiles.checkpoint), run.checkpoint);
    return folder;
  };

  test('puts the checkpoint’s weights and other labels into the model', async () => {
    const folder = folderOf();
    const classes = ['a', 'b', 'c'];
    const out = join(folder, 'new', 'labelled.onnx');
    const bytes = await exportRun(folder, out, { classes, provenance: { note: 'x' } });
    expect(Buffer.compare(readFileSync(out), bytes)).toBe(0);
    const exported = await loadClassifier(out);
    expect(exported.card.classes).toEqual(classes);
    expect(exported.card.provenance).toMatchObject({ note: 'x', data: 'tiny/train' });
    const [mine, theirs] = [await exported.predictAll(images(3)), await classifier.predictAll(images(3))];
    // The export folds batch norm, the run's model leaves that to ONNX Runtime: other roundings.
    mine.forEach(({ logits }, i) => {
      expectSameLogits([...logits], theirs[i]?.logits ?? new Float32Array());
    });
    await exported.dispose();
    // A model file alone will do.
    expect((await exportRun(out, join(folder, 'again.onnx'))).byteLength).toBe(bytes.byteLength);
  });

  test('takes the weights from the checkpoint, not from the model', async () => {
    const other = await trainResNet({
      network,
      data: { train, test: testSet },
      epochs: 1,
      batchSize: 8,
      seed: 7,
    });
    const folder = folderOf();
    writeFileSync(join(folder, runFiles.checkpoint), other.checkpoint);
    const exported = await loadClassifier(await exportRun(folder, join(folder, 'out.onnx')));
    const direct = await loadClassifier(exportModel({ name: 'm', bytes: other.model }, undefined));
    const [image] = images(1) as [PixelImage];
    const logits = (await exported.predict(image)).logits;
    // Other weights under the first run's normalisation: as the second run's only where it gets that input too.
    expect(logits).not.toEqual((await classifier.predict(image)).logits);
    expect(logits).not.toEqual((await direct.predict(image)).logits);
    await exported.dispose();
    await direct.dispose();
  });

  test('folds batch norm, unless it is told not to', async () => {
    const folder = folderOf();
    const opsOf = (bytes: Uint8Array): string[] => readModel(bytes, 'm').nodes.map(({ op }) => op);
    const out = join(folder, 'out.onnx');
    expect(opsOf(run.model)).toContain('BatchNormalization');
    expect(opsOf(await exportRun(folder, out, { foldBatchNorm: false }))).toContain('BatchNormalization');
    const folded = await exportRun(folder, out);
    expect(opsOf(folded)).not.toContain('BatchNormalization');
    // A folded model takes other labels, but no weights: they have no place of their own in it.
    const model = { name: 'out.onnx', bytes: folded };
    expect(opsOf(exportModel(model, undefined, { classes: ['a', 'b', 'c'] }))).toEqual(opsOf(folded));
    const load = (bytes: Uint8Array) => (): string[] =>
      opsOf(exportModel(model, { name: 'c.safetensors', bytes }));
    // Unless they are those that it was made of, as in the folder of a run.
    expect(load(run.checkpoint)()).toEqual(opsOf(folded));
    const other = createTrainingArtifacts(network, { seed: 4 }).checkpoint;
    expect(load(other)).toThrow(CheckpointError);
    expect(load(other)).toThrow(
      /^out\.onnx: expected a model that keeps its batch normalisation .*weights of c\.safetensors.*foldBatchNorm: false/,
    );
    const unfold = (): unknown => exportModel(model, undefined, { foldBatchNorm: false });
    expect(unfold).toThrow(ModelError);
    expect(unfold).toThrow(/^out\.onnx: .*cannot be undone/);
  });

  test('takes a run whose model was folded in training', async () => {
    const folder = temporaryFolder();
    const data = { train, test: testSet };
    const { model } = await trainResNet({
      network,
      data,
      epochs: 1,
      batchSize: 8,
      normalization,
      out: folder,
    });
    expect(readModel(model, 'm').nodes.map(({ op }) => op)).not.toContain('BatchNormalization');
    const classes = ['a', 'b', 'c'];
    const exported = await loadClassifier(await exportRun(folder, join(folder, 'out.onnx'), { classes }));
    expect(exported.card).toMatchObject({ classes, normalization });
    const predictions = await exported.predictAll(images(3));
    // The same weights as the run that kept its batch norm: another order of roundings.
    expectSameLogits(
      predictions.flatMap(({ logits }) => [...logits]),
      await evalLogits(3),
    );
    await exported.dispose();
  });

  test('refuses what does not fit', async () => {
    const folder = folderOf();
    const to = join(folder, 'out.onnx');
    await expect(exportRun(folder, to, { classes: ['a'] })).rejects.toThrow(OptionError);
    await expect(exportRun(folder, to, { classes: ['a'] })).rejects.toThrow(
      /^classes: expected 3 labels, got 1$/,
    );
    await expect(exportRun(join(folder, 'no'), to)).rejects.toThrow(/cannot read .*no: it does not exist/);
    await expect(exportRun(folder, folder)).rejects.toThrow(/cannot write .*: it is a folder/);
    const checkpoint = join(folder, runFiles.checkpoint);
    writeFileSync(checkpoint, encodeSafetensors(new Map([['other', tensorOf('float32', [1], [1])]])));
    await expect(exportRun(folder, to)).rejects.toThrow(
      /checkpoint\.safetensors: the model has no weights called other/,
    );
    writeFileSync(checkpoint, encodeSafetensors(new Map([['head.bias', tensorOf('float32', [1], [1])]])));
    await expect(exportRun(folder, to)).rejects.toThrow(
      /'head.bias': expected float32\[3\], got float32\[1\]/,
    );
    writeFileSync(checkpoint, run.checkpoint.subarray(0, 100));
    await expect(exportRun(folder, to)).rejects.toThrow(CheckpointError);
    rmSync(checkpoint);
    await expect(exportRun(folder, to)).rejects.toThrow(/checkpoint\.safetensors: it does not exist/);
    writeFileSync(join(folder, runFiles.model), '');
    writeFileSync(checkpoint, run.checkpoint);
    await expect(exportRun(folder, to)).rejects.toThrow(ModelError);
  });
});
