import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import {
  chain,
  createTrainingArtifacts,
  defineNetwork,
  flatten,
  linear,
  loadClassifier,
  type PredictOptions,
} from '../../src/index.js';
import { launch, openPage, type TestPage } from './helpers/browser.js';
import { beforeTests } from './helpers/file-setup.js';
import { startServer, type TestServer } from './helpers/server.js';
import type { ClassifyInput, ClassifyOutput, ImageForm } from './modules/classify.js';

const [height, width] = [8, 10];
/** Every pixel reaches every logit with a weight of its own. */
const models = Object.fromEntries(
  ([1, 3] as const).map((channels) => {
    const network = defineNetwork({
      name: `linear-${channels}`,
      input: [channels, height, width],
      classes: 5,
      net: chain(flatten(), linear(5)),
    });
    return [channels, createTrainingArtifacts(network, { seed: 3 }).inference] as const;
  }),
);
const model = (channels: number): Uint8Array => models[channels] ?? new Uint8Array();

let browser: Browser;
let server: TestServer;
let page: TestPage;
const served = new Map<string, Uint8Array | undefined>();
beforeTests(async (afterTests) => {
  server = await startServer({
    answer: ({ url = '' }, response) => {
      if (!url.startsWith('/served/')) return false;
      const bytes = served.get(url);
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
      return true;
    },
  });
  afterTests(() => server.close());
  browser = await launch();
  afterTests(() => browser.close());
  page = await openPage(browser, server);
});

/** Colours that differ from pixel to pixel, some of them see-through. */
function picture(alpha: (i: number) => number = () => 255, [w, h] = [width, height]) {
  const data = Uint8Array.from({ length: w * h * 4 }, (_, i) =>
    i % 4 === 3 ? alpha(i >> 2) : ((i >> 2) * (31 + 12 * (i % 4)) + 40 * (i % 4)) % 256,
  );
  return sharp(data, { raw: { width: w, height: h, channels: 4 } });
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

async function classify(input: ClassifyInput): Promise<ClassifyOutput> {
  return page.run<ClassifyOutput>('classify.ts', input);
}

/** How far the browser's logits lie from Node's; the weights are at most 1/9 for one channel, 1/15 for three. */
async function difference(channels: number, image: Uint8Array, as: ImageForm, options: PredictOptions = {}) {
  const [result] = await classify({
    model: `base64,${base64(model(channels))}`,
    images: [{ bytes: base64(image), as, options }],
  });
  expect(result?.error).toBeUndefined();
  const classifier = await loadClassifier(model(channels), { threads: 1 });
  const { logits } = await classifier.predict(image, options);
  await classifier.dispose();
  expect(result?.logits).toHaveLength(logits.length);
  return Math.max(...logits.map((logit, i) => Math.abs(logit - (result?.logits?.[i] ?? NaN))));
}

describe('an image gives the logits of Node', () => {
  test.each<ImageForm>(['bytes', 'blob', 'file', 'bitmap', 'canvas', 'offscreen', 'imagedata', 'element'])(
    'as %s',
    async (as) => {
      // The same pixels, added up in another order.
      expect(await difference(3, await picture().png().toBuffer(), as)).toBeLessThan(1e-5);
    },
  );

  test('in grey: by the weights of ITU-R 601', async () => {
    // The same pixels, added up in another order.
    expect(await difference(1, await picture().png().toBuffer(), 'blob')).toBeLessThan(1e-5);
    const plain = await picture().greyscale().png().toBuffer();
    expect(await difference(1, plain, 'blob')).toBeLessThan(1e-5);
    expect(await difference(1, plain, 'blob', { invert: true })).toBeLessThan(1e-5);
  });

  test('laid on what contrasts with it where it is see-through', async () => {
    const image = await picture((i) => (i % 3) * 127)
      .png()
      .toBuffer();
    // Browsers keep colours multiplied by their alpha, rounded to 8 bits: up to two levels of 255 at two of three pixels.
    expect(await difference(3, image, 'blob')).toBeLessThan(2e-2);
  });

  test('turned as the camera says', async () => {
    const turned = await picture(undefined, [height, width])
      .flatten()
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    expect(await difference(3, turned, 'blob')).toBeLessThan(1e-5);
  });
});

test('another size is an error, or scaled where that is asked for', async () => {
  const bytes = base64(await picture(undefined, [20, 16]).png().toBuffer());
  const results = await classify({
    model: `base64,${base64(model(3))}`,
    images: [
      { bytes, as: 'file' },
      { bytes, as: 'canvas' },
      { bytes, as: 'file', options: { resize: true } },
    ],
  });
  const wrong =
    'expected an image of 8x10 (height x width), got 16x20; resize it first, or ask for it with `resize`';
  expect(results.map(({ error }) => error)).toEqual([
    `DataError: picture.png: ${wrong}`,
    `DataError: image: ${wrong}`,
    undefined,
  ]);
});

test('what is no image is an error that says so', async () => {
  const png = await picture().png().toBuffer();
  const results = await classify({
    model: `base64,${base64(model(3))}`,
    images: [
      { bytes: base64(Buffer.from('%PDF-1.7')), as: 'file' },
      { bytes: base64(png.subarray(0, -20)), as: 'bytes' },
      { bytes: '', as: 'blob' },
    ],
  });
  expect(results.map(({ error }) => error)).toEqual([
    expect.stringMatching(/^DataError: picture\.png: expected an image \(.*\), got a PDF document/),
    expect.stringMatching(
      /^DataError: image of \d+ bytes: expected an image, but this PNG is damaged or cut off: /,
    ),
    expect.stringMatching(/^DataError: image of 0 bytes: expected an image \(.*\), got an empty file$/),
  ]);
});

describe('a model', () => {
  test('comes from a URL', async () => {
    served.set('/served/model.onnx', model(3));
    const image = await picture().png().toBuffer();
    const results = await classify({
      model: '/served/model.onnx',
      images: [{ bytes: base64(image), as: 'blob' }],
    });
    expect(results[0]?.logits).toHaveLength(5);
  });

  test.each<readonly [what: string, served: Uint8Array | undefined, message: RegExp]>([
    [
      'that is not there',
      undefined,
      /^IoError: cannot read \/served\/m\.onnx: the server answers 404 Not Found$/,
    ],
    [
      'that is a web page',
      Buffer.from('<!doctype html><p>Hello'),
      /^ModelError: \/served\/m\.onnx: expected an ONNX model, got 23 bytes that are none, or are cut off/,
    ],
    [
      'that is empty',
      new Uint8Array(),
      /^ModelError: \/served\/m\.onnx: expected an ONNX model, got 0 bytes/,
    ],
    [
      'that is cut off',
      model(3).subarray(0, 2000),
      /^ModelError: \/served\/m\.onnx: expected an ONNX model, got 2000 bytes that are none, or are cut off/,
    ],
    [
      'that is no classifier of ort-train',
      createTrainingArtifacts(
        defineNetwork({ name: 'x', input: [1, 2, 2], classes: 2, net: chain(flatten(), linear(2)) }),
      ).eval,
      /^ModelError: \/served\/m\.onnx: expected a classifier exported by ort-train, .* no 'ort_train/,
    ],
  ])('%s is an error that names it', async (_, bytes, message) => {
    served.set('/served/m.onnx', bytes);
    const [result] = await classify({ model: '/served/m.onnx', images: [] });
    expect(result?.error).toMatch(message);
  });
});
