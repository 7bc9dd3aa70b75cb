import { describe, expect, test } from 'vitest';
import { lowerWebgpu } from '../../src/lower/webgpu/index.js';
import { Builder, type PoolAttrs } from '../../src/ops/index.js';
import { bothForms, difference, randomFeeds, withGradients } from '../lower/helpers.js';

const plain: PoolAttrs = { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] };

const windows: readonly (readonly [title: string, size: readonly [number, number], attrs: PoolAttrs])[] = [
  ['side by side', [6, 4], plain],
  ['stride 3, padded, on two rows', [2, 5], { ...plain, strides: [3, 3], pads: [1, 1, 1, 1] }],
  ['overlapping', [6, 7], { ...plain, kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
  ['dilated', [8, 7], { ...plain, kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 0, 1, 0] }],
  ['dilated with stride 1', [6, 6], { ...plain, strides: [1, 1], dilations: [2, 2] }],
  ['rounded up', [7, 9], { ...plain, ceil_mode: 1 }],
  [
    'dilated, rounded up further than a kernel',
    [7, 6],
    { ...plain, strides: [4, 4], dilations: [4, 4], ceil_mode: 1 },
  ],
];

// Up to nine numbers are added in another order.
const few = 1e-6;

// Without convolutions the form for WebGPU is made of standard operators, which run on the CPU too.
describe('poolings for WebGPU', () => {
  test.each(windows)('max-pooling, %s', async (_, size, attrs) => {
    const graph = withGradients('pooled', (b) => {
      const x = b.input('x', 'float32', ['N', 4, ...size]);
      return { y: b.maxPool(b.relu(x), attrs)[0], wrt: { x } };
    });
    const lowering = lowerWebgpu(graph, { batch: 3 });
    // Half of them zeros after the ReLU, so that many windows have several maxima.
    const { portable, lowered } = await bothForms(graph, lowering, 3, randomFeeds(graph, 3, 5));
    expect(difference(lowered['y'], portable['y'])).toBe(0);
    expect(difference(lowered['d_x'], portable['d_x'])).toBeLessThan(few);
  });

  test.each(
    windows
      .filter(([, , { dilations }]) => dilations === undefined)
      .flatMap(([title, size, attrs]) =>
        [true, false].map((counts) => [title, counts ? 'counts' : 'does not', size, attrs, counts] as const),
      ),
  )('average pooling, %s, padding %s', async (_, __, size, attrs, countIncludePad) => {
    // Its gradient is a transposed convolution, which the form for WebGPU has on the GPU alone.
    const b = new Builder();
    const x = b.relu(b.input('x', 'float32', ['N', 4, ...size]));
    const y = b.averagePool(x, { ...attrs, countIncludePad });
    const graph = b.finish('averaged', [{ name: 'y', value: y }]);
    const lowering = lowerWebgpu(graph, { batch: 3 });
    const { portable, lowered } = await bothForms(graph, lowering, 3, randomFeeds(graph, 3, 5));
    expect(difference(lowered['y'], portable['y'])).toBeLessThan(few);
  });
});
