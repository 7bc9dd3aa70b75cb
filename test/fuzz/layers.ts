import { ShapeError } from '../../src/errors.js';
import type { Value } from '../../src/ir/index.js';
import {
  averagePool,
  batchNorm,
  constantInit,
  conv,
  dropout,
  gelu,
  maxPool,
  relu,
  sigmoid,
  silu,
  tanh,
  type LayerContext,
  type Net,
} from '../../src/net/index.js';
import { nchw } from '../../src/ops/index.js';
import { Draw } from './draw.js';

/** A layer from a function on its context, as users write their own. */
function layer(kind: string, children: readonly Net[], build: (c: LayerContext, x: Value) => Value): Net {
  return { kind, label: kind, children, build: (c, x) => c.layer(kind, undefined, () => build(c, x)) };
}

/** The results of several paths, one after the other along the channels. */
export const concatOf = (...paths: readonly Net[]): Net => ({
  kind: 'concat',
  label: 'concat',
  children: paths,
  build: (c, x) =>
    c.b.concat(
      paths.map((path) => path.build(c, x)),
      1,
    ),
});

/** Squeeze and excitation. Source: https://arxiv.org/abs/1709.01507 */
export const gate = (reduction: number): Net =>
  layer('gate', [], (c, x) => {
    const [, channels] = nchw('gate', x);
    const squeezed = conv(Math.max(1, Math.floor(channels / reduction)), 1).build(
      c,
      c.b.globalAveragePool(x),
    );
    return c.b.mul(x, c.b.sigmoid(conv(channels, 1).build(c, c.b.relu(squeezed))));
  });

/** Channels [g, C/g] become [C/g, g]. Source: https://arxiv.org/abs/1707.01083 */
export const shuffle = (groups: number): Net =>
  layer('shuffle', [], ({ b }, x) => {
    const [n, c, h, w] = nchw('shuffle', x);
    const apart = b.reshape(x, [n, groups, c / groups, h, w]);
    return b.reshape(b.transpose(apart, [0, 2, 1, 3, 4]), [n, c, h, w]);
  });

type Step = (d: Draw, c: LayerContext, x: Value, earlier: readonly Value[]) => Value;

const other = (d: Draw, x: Value, earlier: readonly Value[]): Value =>
  d.pick(earlier.filter(({ shape }) => shape.join() === x.shape.join()));

const perChannel = (c: LayerContext, x: Value, name: string, value: number): Value =>
  c.layer('affine', undefined, () => c.parameter(name, [Number(x.shape[1]), 1, 1], constantInit(value)));

const via =
  (make: (d: Draw, x: Value) => Net): Step =>
  (d, c, x) =>
    make(d, x).build(c, x);

/** What a wild network is made of: layers, and arithmetic as users write it in layers of their own. */
const steps: readonly Step[] = [
  via((d) =>
    conv(d.pick([3, 4, 8, 16, 20]), d.pick([1, 3, 5]), { padding: d.int(0, 2), stride: d.pick([1, 1, 2]) }),
  ),
  via((d, x) =>
    conv(Number(x.shape[1]), 3, {
      padding: 1,
      groups: d.chance(50) ? Number(x.shape[1]) : 1,
      dilation: d.int(1, 2),
    }),
  ),
  via(() => batchNorm()),
  via((d) => d.pick([relu(), relu(), sigmoid(), tanh(), silu(), gelu()])),
  via((d) =>
    d.pick([maxPool(2), maxPool(3, { stride: 2, padding: 1 }), maxPool(3, { stride: 1, padding: 1 })]),
  ),
  via((d) => d.pick([averagePool(2), averagePool(3, { stride: 1, padding: 1 })])),
  via((d) => gate(d.int(1, 4))),
  via(() => dropout(0.2)),
  (d, { b }, x, earlier) => b.add(x, other(d, x, earlier)),
  (d, { b }, x, earlier) => b.mul(x, b.sigmoid(other(d, x, earlier))),
  (d, { b }, x, earlier) => b.max(x, other(d, x, earlier)),
  (d, { b }, x, earlier) => b.sub(other(d, x, earlier), b.mul(x, 0.5)),
  (d, { b }, x, earlier) => b.where(b.greater(x, other(d, x, earlier)), x, b.mul(x, 0.1)),
  (_, { b }, x) => b.where(b.less(x, 0.2), b.tanh(x), x),
  (d, { b }, x, earlier) => {
    const fits = earlier.filter(({ shape }) => shape.slice(2).join() === x.shape.slice(2).join());
    return b.concat([x, d.pick(fits)], 1);
  },
  (d, { b }, x) => {
    const [, channels] = nchw('slice', x);
    const start = d.int(0, channels - 1);
    return b.slice(x, { axes: [1], starts: [start], ends: [d.int(start + 1, channels)] });
  },
  (_, { b }, x) => {
    const [, , h, w] = nchw('slice', x);
    return b.slice(x, { axes: [2, 3], starts: [0, 0], ends: [h, w], steps: [2, 2] });
  },
  (d, { b }, x) =>
    b.pad(x, [
      0,
      d.int(0, 1) * d.int(0, 16),
      d.int(0, 1),
      d.int(0, 1),
      0,
      d.int(0, 1) * d.int(0, 16),
      d.int(0, 1),
      d.int(0, 1),
    ]),
  (_, c, x) => c.b.mul(x, perChannel(c, x, 'weight', 1)),
  (_, c, x) => c.b.add(x, perChannel(c, x, 'bias', 0)),
  (_, { b }, x) => b.sub(x, b.reduceMean(x, [2, 3], true)),
  (_, { b }, x) => b.mul(x, b.softmax(x, 1)),
  (_, { b }, x) => b.div(x, b.sqrt(b.add(b.reduceMean(b.mul(x, x), [1, 2, 3], true), 1e-3))),
  (d, { b }, x) => {
    const [n, c, h, w] = nchw('transpose', x);
    return d.chance(50) ? b.transpose(x, [0, 1, 3, 2]) : b.reshape(x, [n, c, w, h]);
  },
  (_, { b }, x) => b.mul(b.expandLike(b.globalAveragePool(x), x), 2),
];

/** Layers and arithmetic one after the other, as `seed` draws them, with ways back to earlier values. */
export function wild(seed: number): Net {
  return {
    kind: 'wild',
    label: `wild ${seed}`,
    children: [],
    build(c, x) {
      const d = new Draw(seed);
      const first = conv(d.pick([4, 8, 16, 20]), 3, { padding: 1 }).build(c, x);
      const values = [first];
      for (let left = d.int(3, 9); left > 0; left--) {
        const from = d.chance(75) ? values[values.length - 1] : d.pick(values);
        if (from !== undefined) values.push(d.pick(steps)(d, c, from, values));
        const last = values[values.length - 1]?.shape.slice(1) ?? [];
        if (last.reduce<number>((size, dim) => size * Number(dim), 1) > 16_384)
          throw new ShapeError('too large');
      }
      // Ends that nobody uses join the result, so that each has a gradient.
      const pooled = values.map((value) => c.b.reduceMean(value, [1, 2, 3], true));
      const last = values.at(-1) ?? first;
      return c.b.add(
        last,
        pooled.reduce((sum, value) => c.b.add(sum, value)),
      );
    },
  };
}
