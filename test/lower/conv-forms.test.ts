import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/ir/index.js';
import { tunables } from '../../src/lower/cpu/index.js';
import type { ConvAttrs } from '../../src/ops/index.js';
import { fill } from '../helpers/golden.js';
import { blockSize, both, difference, randomFeeds, run, withGradients } from './helpers.js';

interface Shape {
  readonly title: string;
  readonly batch: number;
  readonly channels: readonly [number, number];
  readonly size: readonly [number, number];
  readonly k: number;
  readonly p?: number;
  readonly s?: number;
  readonly d?: number;
  readonly g?: number;
  /** By operator: the forms that there are, the heuristic's first. */
  readonly forms: Readonly<Record<string, readonly string[]>>;
}

const shapes: readonly Shape[] = [
  {
    title: '3x3 with padding',
    ...{ batch: 32, channels: [32, 48], size: [5, 5], k: 3, p: 1 },
    forms: {
      Conv: ['wide', 'narrow'],
      ConvInputGrad: ['narrow', 'wide'],
      ConvWeightGrad: ['batch', 'groups'],
    },
  },
  {
    title: '5x5 with padding, channels that fill no block',
    ...{ batch: 16, channels: [20, 40], size: [6, 36], k: 5, p: 2 },
    forms: { Conv: ['narrow', 'wide'], ConvInputGrad: ['wide', 'narrow'] },
  },
  {
    title: '3x3 without padding',
    ...{ batch: 40, channels: [16, 32], size: [20, 20], k: 3 },
    forms: { ConvInputGrad: ['narrow', 'wide'], ConvWeightGrad: ['groups', 'batch'] },
  },
  {
    title: '3x3 with stride 2',
    ...{ batch: 16, channels: [16, 32], size: [9, 8], k: 3, p: 1, s: 2 },
    forms: { Conv: ['wide', 'narrow'] },
  },
  {
    title: '1x1',
    ...{ batch: 40, channels: [32, 48], size: [5, 6], k: 1 },
    forms: { ConvWeightGrad: ['groups', 'batch', 'pixel'] },
  },
  {
    title: '1x1 with stride 2, a batch that fills no block',
    ...{ batch: 3, channels: [20, 32], size: [7, 9], k: 1, s: 2 },
    forms: { ConvWeightGrad: ['batch', 'pixel'] },
  },
  {
    title: 'groups of 4',
    ...{ batch: 40, channels: [32, 32], size: [12, 12], k: 3, p: 1, g: 8 },
    forms: {
      Conv: ['wide', 'narrow'],
      ConvInputGrad: ['narrow', 'wide'],
      ConvWeightGrad: ['groups', 'batch'],
    },
  },
  {
    title: 'groups of 4, 1x1',
    ...{ batch: 40, channels: [32, 64], size: [6, 6], k: 1, g: 8 },
    forms: { ConvWeightGrad: ['groups', 'batch'] },
  },
  {
    title: 'depthwise',
    ...{ batch: 16, channels: [40, 40], size: [7, 6], k: 3, p: 1, g: 40 },
    forms: { Conv: ['narrow', 'wide'], ConvInputGrad: ['narrow', 'wide'] },
  },
  {
    title: 'dilated',
    ...{ batch: 10, channels: [32, 48], size: [16, 16], k: 3, p: 2, d: 2 },
    forms: {
      Conv: ['wide', 'narrow'],
      ConvInputGrad: ['narrow', 'wide'],
      ConvWeightGrad: ['batch', 'groups'],
    },
  },
];

/** One convolution whose image comes from another layer. */
function graphOf({ channels: [c, m], size, k, p = 0, s = 1, d = 1, g = 1 }: Shape): Graph {
  const conv = { kernel_shape: [k, k], strides: [s, s], pads: [p, p, p, p], dilations: [d, d], group: g };
  return withGradients('one-conv', (b) => {
    const x = b.input('x', 'float32', ['N', c, ...size]);
    const w = b.input('w', 'float32', [m, c / g, k, k]);
    const y = b.conv(b.relu(x), w, undefined, conv as unknown as ConvAttrs);
    return { y, wrt: { x, w } };
  });
}

// Sums of up to 40 x 18 x 18 = 12,960 products in another order; float32 has 2^-24 = 6e-8, and rounding walks 114 times that.
const TOLERANCE = 1e-5;

const nodeNames = (graph: Graph, op: string): readonly string[] =>
  graph.nodes.filter((node) => node.op.name === op).map(({ name }) => name);

// The blocks of this table are those of AVX-512: others have other groups.
describe.skipIf(blockSize !== 16)('forms of convolutions', () => {
  it.each(shapes)('$title: each form gives the portable numbers', async (shape) => {
    const graph = graphOf(shape);
    const feeds = randomFeeds(graph, shape.batch, 11);
    for (const [op, forms] of Object.entries(shape.forms)) {
      const [name = ''] = nodeNames(graph, op);
      for (const form of [...forms, 'portable' as const]) {
        const { portable, lowered, lowering } = await both(graph, shape.batch, feeds, {
          choices: { [name]: form },
        });
        expect(lowering.report.find(({ node }) => node === name)).toMatchObject({ op, form });
        for (const output of Object.keys(portable)) {
          expect(difference(lowered[output], portable[output]), `${op} ${form} ${output}`).toBeLessThan(
            TOLERANCE,
          );
        }
      }
      const { lowering } = await both(graph, shape.batch, feeds);
      expect(lowering.report.find(({ node }) => node === name)?.form).toBe(forms[0]);
    }
  });

  it.each(shapes)('$title: the trials of all forms give the same', async (shape) => {
    const found = tunables(graphOf(shape), { blockSize: 16, batch: shape.batch });
    const byOp = found.map(({ key, forms }) => [key.split(' ')[0] ?? '', forms] as const);
    expect(Object.fromEntries(byOp)).toEqual(shape.forms);
    for (const { forms, trial } of found) {
      const feeds = Object.fromEntries(
        trial(forms[0]).inputs.map(({ name, shape: dims }, i) => {
          const size = dims.reduce<number>((product, dim) => product * Number(dim), 1);
          return [name, Float32Array.from(fill(i, size))] as const;
        }),
      );
      const [expected = {}, ...others] = await Promise.all(forms.map((form) => run(trial(form), feeds)));
      expect(others.length).toBeGreaterThan(0);
      for (const actual of others) {
        expect(Object.keys(actual)).toEqual(Object.keys(expected));
        for (const name of Object.keys(expected)) {
          expect(difference(actual[name], expected[name])).toBeLessThan(TOLERANCE);
        }
      }
    }
  });

  it('ignores a choice that a node cannot have', async () => {
    const [, , shape] = shapes;
    if (shape === undefined) throw new Error('no shape');
    const graph = graphOf(shape);
    const [name = ''] = nodeNames(graph, 'Conv');
    const { lowering } = await both(graph, shape.batch, randomFeeds(graph, shape.batch, 1), {
      choices: { [name]: 'pixel' },
    });
    expect(lowering.report.find(({ node }) => node === name)?.form).toBe('narrow');
  });
});

describe('tunables', () => {
  const shape: Shape = { title: '', batch: 16, channels: [16, 16], size: [8, 8], k: 3, p: 1, forms: {} };

  it('gathers convolutions of one shape, the largest first', () => {
    const graph = withGradients('two-convs', (b) => {
      const x = b.input('x', 'float32', ['N', 16, 8, 8]);
      const w = [1, 2, 3].map((i) => b.input(`w${i}`, 'float32', [16, 16, i < 3 ? 3 : 1, i < 3 ? 3 : 1]));
      const attrs = (k: number): ConvAttrs => ({
        ...{ kernel_shape: [k, k], strides: [1, 1], dilations: [1, 1], group: 1 },
        pads: k === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0],
      });
      const y = w.reduce(
        (image, weight, i) => b.conv(b.relu(image), weight, undefined, attrs(i < 2 ? 3 : 1)),
        x,
      );
      return { y, wrt: { x, ...Object.fromEntries(w.map((weight, i) => [`w${i}`, weight])) } };
    });
    const found = tunables(graph, { blockSize: 16, batch: 16 });
    const [conv] = found;
    expect(conv?.key).toBe(
      'Conv 16x16x8x8 to 16x16x8x8, kernel 3x3, stride 1x1, padding 1x1x1x1, copied, blocks of 16',
    );
    expect(conv?.nodes).toHaveLength(2);
    // 16 x 8 x 8 pixels of 16 channels, each of 16 x 9 products; two nodes.
    expect(conv?.flops).toBe(2 * 2 * (16 * 8 * 8 * 16) * (16 * 9));
    const flops = found.map((each) => each.flops);
    expect(flops).toEqual(flops.toSorted((a, b) => b - a));
    // One form only has the weight's gradient of a batch that is one block.
    expect(found.map(({ key }) => key.split(' ')[0])).toEqual(['Conv', 'ConvInputGrad', 'ConvWeightGrad']);
    expect(found[2]?.forms).toEqual(['batch', 'pixel']);
  });

  it('knows when a wide form gets the copy for nothing', () => {
    const keyOf = (each: Shape): string =>
      tunables(graphOf(each), { blockSize: 16, batch: each.batch }).find(({ key }) => key.startsWith('Conv '))
        ?.key ?? '';
    expect(keyOf(shape)).toContain('copied');
    // The gradient of 4 images works on bands of rows, which are copied in any case.
    expect(keyOf({ ...shape, batch: 4 })).not.toContain('copied');
    // With a stride, the gradient reads fewer zeros on the right.
    expect(keyOf({ ...shape, s: 2 })).not.toContain('copied');
  });
});
