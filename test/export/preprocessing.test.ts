import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTrainingArtifacts, encodeInferenceModel } from '../../src/artifacts/index.js';
import { decodePicture, openData, readImages } from '../../src/data/node.js';
import { ModelError, OptionError } from '../../src/errors.js';
import { exportModel, readModelCard } from '../../src/export/index.js';
import { loadClassifier, type NodeClassifier } from '../../src/export/node.js';
import { weightsFromSafetensors } from '../../src/weights/index.js';
import { trainResNet } from '../../src/train/node.js';
import { cli, tempFolder } from '../cli/helpers.js';
import { tinyNetwork } from '../train/tiny.js';

const background = '#20c040';
const options = {
  network: { family: 'cifar-resnet', depth: 8, imageSize: [24, 32], channels: 3, classes: 2 },
  ...{ background, batchSize: 8, epochs: 1, threads: 1, autotune: false, seed: 5 },
} as const;

const photos = join(tempFolder(), 'photos');
const runFolder = join(tempFolder(), 'run');
const model = join(runFolder, 'model.onnx');
let classifier: NodeClassifier;

/** A picture of a size of its own: a disc on nothing, or stripes. */
async function draw(path: string, label: 'disc' | 'stripes', i: number): Promise<void> {
  const [width, height] = [30 + 9 * i, 70 - 5 * i];
  const hue = `hsl(${i * 50}, 80%, 45%)`;
  const shape =
    label === 'disc'
      ? `<circle cx="50%" cy="50%" r="14" fill="${hue}" fill-opacity="0.7"/>`
      : `<path d="M0 10H200M0 30H200M0 50H200" stroke="${hue}" stroke-width="8"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shape}</svg>`;
  await sharp(Buffer.from(svg)).png().toFile(path);
}

beforeAll(async () => {
  for (const part of ['train', 'test']) {
    for (const label of ['disc', 'stripes'] as const) {
      const folder = join(photos, part, label);
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < 8; i++) await draw(join(folder, `${i}.png`), label, i);
    }
  }
  await trainResNet({ ...options, data: photos, out: runFolder });
  classifier = await loadClassifier(model, { threads: 1 });
});
afterAll(() => classifier.dispose());

describe('a model trained on pictures', () => {
  test('says how it prepares them', () => {
    expect(classifier.card).toMatchObject({
      input: [3, 24, 32],
      classes: ['disc', 'stripes'],
      preprocessing: {
        background,
        transforms: [
          { name: 'resize', size: 32 },
          { name: 'centerCrop', size: [24, 32] },
        ],
      },
    });
  });

  test('prepares the file of a picture exactly as evaluation did', async () => {
    const { test: set } = await openData(photos, { imageSize: [24, 32], background });
    const images = await readImages(
      set,
      Array.from({ length: set.count }, (_, i) => i),
    );
    const evaluated = await classifier.predictAll(images);
    for (const [i, expected] of evaluated.entries()) {
      const label = set.classes[images[i]?.label ?? 0] ?? '';
      const path = join(photos, 'test', label, `${i % 8}.png`);
      for (const image of [path, readFileSync(path)]) {
        const predicted = await classifier.predict(image);
        expect(predicted.label).toBe(expected.label);
        // The pixels are the same; a batch of 16 and one image are summed in another order: float32 rounding.
        expect(Math.abs(predicted.probability - expected.probability)).toBeLessThan(1e-5);
      }
    }
  });

  test('evaluate and predict on the command line agree', async () => {
    const evaluated = await cli('evaluate', model, '--data', photos, '--json', '--threads', '1');
    expect(evaluated.status).toBe(0);
    const paths = ['disc', 'stripes'].flatMap((label) =>
      Array.from({ length: 8 }, (_, i) => join(photos, 'test', label, `${i}.png`)),
    );
    const { events, status, stderr } = await cli('predict', model, ...paths, '--json', '--threads', '1');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const right = events.filter(({ image, label }) => String(image).includes(`/${String(label)}/`));
    expect(evaluated.events[0]).toMatchObject({ correct: right.length, count: 16 });
  });

  test('predict --resize says that it is not needed, --invert turns the picture before', async () => {
    const path = join(photos, 'test', 'disc', '1.png');
    const plain = await cli('predict', model, path, '--json');
    const resized = await cli('predict', model, path, '--resize', '--json');
    expect(resized.stdout).toBe(plain.stdout);
    expect(resized.stderr).toBe(
      'note: --resize is not needed: a picture is resized to 32 at the shorter side, cut to 24x32 in the middle, ' +
        `as ${model} says\n`,
    );
    const { data, height, width } = await decodePicture(path, { channels: 3, background });
    const inverted = await sharp(
      data.map((value) => 255 - value),
      { raw: { height, width, channels: 3 } },
    )
      .png()
      .toBuffer();
    const { probability } = await classifier.predict(path, { invert: true });
    // The same pixels.
    expect(probability).toBe((await classifier.predict(inverted)).probability);
  });

  test('keeps it through an export, with the weights of its checkpoint too', async () => {
    const { preprocessing } = classifier.card;
    const bytes = readFileSync(model);
    const relabelled = exportModel({ name: 'm', bytes }, undefined, { classes: ['a', 'b'] });
    expect(readModelCard(relabelled, 'm')).toMatchObject({ classes: ['a', 'b'], preprocessing });
    const out = join(tempFolder(), 'exported.onnx');
    expect((await cli('export', runFolder, '--out', out)).status).toBe(0);
    expect(readModelCard(readFileSync(out), out).preprocessing).toEqual(preprocessing);
    // What an interrupted run leaves.
    const stopped = tempFolder();
    for (const name of ['run.json', 'checkpoint.safetensors']) {
      writeFileSync(join(stopped, name), readFileSync(join(runFolder, name)));
    }
    expect((await cli('export', stopped, '--out', out)).status).toBe(0);
    expect(readModelCard(readFileSync(out), out).preprocessing).toEqual(preprocessing);
  });
});

test('what a model cannot carry is refused before the training', async () => {
  const preprocess = [{ name: 'gaussianBlur', kernelSize: 3 } as const];
  const training = trainResNet({ ...options, data: photos, preprocess });
  await expect(training).rejects.toThrow(OptionError);
  await expect(training).rejects.toThrow(/^preprocess\[0\]: expected one of resize, .* got "gaussianBlur"$/);
});

describe('a card', () => {
  const network = tinyNetwork({});
  const { checkpoint } = createTrainingArtifacts(network);
  const { weights } = weightsFromSafetensors(network, checkpoint, 'c');
  const withTransforms = (...transforms: readonly object[]): Uint8Array =>
    encodeInferenceModel(network, weights, {
      preprocessing: { transforms: transforms as { name: string }[], background },
    });

  test('of training artifacts has it too', () => {
    const preprocessing = { transforms: [{ name: 'centerCrop', size: 8 }], background };
    const { inference } = createTrainingArtifacts(network, { preprocessing });
    expect(readModelCard(inference, 'm').preprocessing).toEqual(preprocessing);
  });

  test.each([
    [
      [{ name: 'randomCrop', size: 8 }],
      /transforms\[0\]: expected one of resize, centerCrop, grayscale, invert, got "randomCrop"/,
    ],
    [[{ name: 'toString' }], /got "toString"/],
    [
      [{ name: 'resize' }],
      /transforms\[0\].size: expected a whole number of at least 1, or \[height, width\], got nothing/,
    ],
    [[{ name: 'centerCrop', size: [8] }], /transforms\[0\].size: .* got \[8\]/],
    [
      [{ name: 'resize', size: 8, interpolation: 'nearest' }],
      /interpolation: expected one of bilinear, bicubic, got "nearest"/,
    ],
    [
      [{ name: 'resize', size: 8 }, { name: 'grayscale' }],
      /transforms\[1\].p: expected 1, as nothing may be random, got nothing/,
    ],
    [
      [{ name: 'resize', size: 8, scale: 2 }],
      /transforms\[0\].scale: expected none but size, interpolation, maxSize, got 2/,
    ],
  ])('with %j is refused when it is loaded', async (transforms, message) => {
    const loading = loadClassifier(withTransforms(...transforms));
    await expect(loading).rejects.toThrow(ModelError);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow("model: its metadata 'ort_train.preprocessing': ");
  });

  test('whose transforms end at another size is named at the picture', async () => {
    const loaded = await loadClassifier(withTransforms({ name: 'resize', size: 8 }));
    const wide = await sharp({ create: { width: 20, height: 10, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    await expect(loaded.predict(wide)).rejects.toThrow(
      /expected transforms to 8x8 pixels .* got 8x16 of a picture of 10x20/,
    );
    await loaded.dispose();
  });
});
