import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { DType, Value } from '../../src/ir/index.js';
import { blockedFromPlain, plainFromBlocked } from '../../src/lower/cpu/layout.js';
import { encodeModel } from '../../src/onnx/index.js';
import { Builder, type ConvAttrs } from '../../src/ops/index.js';
import { blockSize, both, difference, randomFeeds, withGradients, keptPortable } from './helpers.js';

const dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'];

describe('plain and blocked tensors of every dtype', () => {
  // Channels that fill blocks and that do not, single pixels and images.
  const images = [
    [2, 16, 3, 2],
    [2, 20, 3, 2],
    [3, 5, 1, 1],
    [1, 40, 1, 4],
  ] as const;
  const cases = dtypes.flatMap((dtype) => images.map((shape) => [dtype, shape] as const));

  // ReorderInput takes the blocks that the machine has.
  it.skipIf(blockSize === undefined).each(cases)('%s %j', async (dtype, [n, c, h, w]) => {
    const block = blockSize ?? 16;
    const b = new Builder();
    const x = b.input('x', 'float32', [n, c, h, w]);
    const blocked = blockedFromPlain(b, b.cast(x, dtype), block);
    const plain = plainFromBlocked(b, blocked, c, block);
    expect([blocked.dtype, plain.dtype]).toEqual([dtype, dtype]);
    const graph = b.finish('layouts', [
      { name: 'in_blocks', value: b.cast(blocked, 'float32') },
      { name: 'as_it_was', value: b.cast(plain, 'float32') },
    ]);
    const at = (i: number): number => (dtype === 'bool' ? Number(i % 3 === 0) : i % 251);
    const data = Float32Array.from({ length: n * c * h * w }, (_, i) => at(i));
    const session = await ort.InferenceSession.create(encodeModel(graph), { logSeverityLevel: 3 });
    const results = await session.run({ x: new ort.Tensor('float32', data, [n, c, h, w]) });
    await session.release();
    const groups = Math.ceil(c / block);
    const expected = new Float32Array(n * groups * block * h * w);
    for (let i = 0; i < n; i++)
      for (let k = 0; k < c; k++)
        for (let p = 0; p < h * w; p++) {
          const to = ((i * groups + Math.floor(k / block)) * h * w + p) * block + (k % block);
          expected[to] = data[(i * c + k) * h * w + p] ?? NaN;
        }
    expect(results['in_blocks']?.data).toEqual(expected);
    expect(results['as_it_was']?.data).toEqual(data);
  });
});

const conv3: ConvAttrs = {
  kernel_shape: [3, 3],
  strides: [1, 1],
  pads: [1, 1, 1, 1],
  dilations: [1, 1],
  group: 1,
};

/** Pieces of networks whose values are plain where their gradients' conditions are wanted in blocks, or the other way round. */
const pieces: Readonly<Record<string, (b: Builder, x: Value) => Value>> = {
  'a ReLU after a concatenation': (b, x) => b.relu(b.concat([x, b.mul(x, 0.5)], 1)),
  'a ReLU after a pad of channels': (b, x) => b.relu(b.pad(x, [0, 2, 1, 0, 0, 3, 0, 1])),
  'squeeze and excitation': (b, x) => {
    const gate = b.sigmoid(b.globalAveragePool(x));
    return b.relu(b.mul(x, gate));
  },
  'a condition of plain values': (b, x) => {
    const reversed = b.slice(x, { axes: [3], starts: [-1], ends: [-99], steps: [-1] });
    return b.where(b.greater(reversed, b.scalar(0)), x, b.mul(x, 2));
  },
  'whole numbers': (b, x) => {
    const signs = b.cast(b.concat([x, x], 1), 'int32');
    const some = b.slice(signs, { axes: [1], starts: [1], ends: [1 + Number(x.shape[1])] });
    return b.add(x, b.cast(some, 'float32'));
  },
};

// As in conv.test.ts: sums of up to 4 x 36 x 48 products in another order.
const TOLERANCE = 3e-6;

describe.skipIf(blockSize === undefined)('values that are in blocks here and plain there', () => {
  const cases = Object.keys(pieces).flatMap((title) =>
    [16, 20].map((channels) => [title, channels] as const),
  );

  it.each(cases)('%s, %i channels', async (title, channels) => {
    const graph = withGradients('mixed', (b) => {
      const x = b.input('x', 'float32', ['N', 3, 6, 5]);
      const w1 = b.input('w1', 'float32', [channels, 3, 3, 3]);
      const made = pieces[title]?.(b, b.relu(b.conv(x, w1, undefined, conv3)));
      if (made === undefined) throw new Error(title);
      const w2 = b.input('w2', 'float32', [16, Number(made.shape[1]), 3, 3]);
      return { y: b.conv(made, w2, undefined, conv3), wrt: { w1, w2 } };
    });
    const { portable, lowered, lowering } = await both(graph, 4, randomFeeds(graph, 4, 21));
    expect(keptPortable(lowering)).toEqual([]);
    for (const name of Object.keys(portable)) {
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(TOLERANCE);
    }
  });
});
