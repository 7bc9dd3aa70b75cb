import { localName, sameShape, type Node, type Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import { isElementwise } from '../rewrite/elementwise.js';
import type { BroadcastNorm } from '../rewrite/broadcast-norm.js';
import { movedAll } from '../rewrite/running.js';
import { ints, operands, result } from '../rewrite/operands.js';
import { isZeroPad, spreadPixels, type Spread } from '../rewrite/spread.js';
import { argMax, logSoftmax } from './classes.js';
import type { Context } from './context.js';
import { convForm, forwardConv, inputGrad } from './conv.js';
import { averagePool } from './average-pool.js';
import { dims4 } from '../rewrite/dims.js';
import { maxPool, maxPoolGrad } from './max-pool.js';
import { firstOf, gridOf, pick, pickPixels } from './move.js';
import { range } from '../rewrite/range.js';
import { channelSum, pixelSum } from './reduce.js';
import { weightGrad } from './weight-grad.js';

/** Lowers one node and names its form, or undefined: the node then keeps its portable form. */
type Rule = (context: Context, node: Node) => string | undefined;

const conv: Rule = (context, node) =>
  nhwc(context, node, forwardConv(context, node), convForm(context, node));

const convInputGrad: Rule = (context, node) => nhwc(context, node, inputGrad(context.f, node), 'transposed');

const convWeightGrad: Rule = (context, node) =>
  plain(context, node, weightGrad(context.f, node), 'transposed');

const norm =
  (kind: keyof BroadcastNorm): Rule =>
  (context, node) =>
    node.inputs[0]?.shape.length === 4 ? nhwc(context, node, context.norm[kind](node)) : undefined;

const pool: Rule = (context, node) => nhwc(context, node, maxPool(context.f, node), 'places');

const poolGrad: Rule = (context, node) => nhwc(context, node, maxPoolGrad(context.f, node), 'places');

const averagePoolRule: Rule = (context, node) => nhwc(context, node, averagePool(context.f, node));

const globalAveragePool: Rule = (context, node) => {
  const [x] = operands(node, 1);
  const { f, b } = context;
  const [n, h, w, c] = dims4(f.nhwc(x));
  const mean = b.mul(pixelSum(f, f.nhwc(x)), 1 / (h * w), localName(node));
  return nhwc(context, node, b.reshape(mean, [n, 1, 1, c]));
};

// The gradient of a bias, and sums and means of each channel's pixels.
const reduce: Rule = (context, node) => {
  const { f, b } = context;
  const [x] = operands(node, 1);
  const y = result(node);
  const axes = [...ints(node, 'axes')].sort((one, other) => one - other).join();
  if (x.shape.length !== 4 || !f.isNhwc(x)) return undefined;
  if (axes !== '0,2,3' && axes !== '2,3') return undefined;
  const [n, c, h, w] = dims4(x);
  const images = axes === '2,3' ? n : 1;
  const sums = axes === '2,3' ? pixelSum(f, f.nhwc(x)) : channelSum(f, f.stored(x));
  const own = firstOf(f, sums, sums.shape.length - 1, c, 'own_channels');
  const reduced = node.op.name === 'ReduceMean' ? b.mul(own, images / (n * h * w)) : own;
  return y.shape.length === 4
    ? nhwc(context, node, b.reshape(reduced, [images, 1, 1, c]))
    : plain(context, node, b.reshape(reduced, y.shape));
};

// One pixel of many channels, which lies the same in either layout.
const reshape: Rule = (context, node) => {
  const { f, b } = context;
  const [x] = operands(node, 1);
  const y = result(node);
  if (y.shape.length !== 4 || x.dtype !== 'float32') return undefined;
  const [n, c, h, w] = dims4(y);
  return h * w === 1 && n > 1 ? nhwc(context, node, b.reshape(f.plain(x), [n, 1, 1, c])) : undefined;
};

// The gradient of global average pooling.
const expand: Rule = (context, node) => {
  const { f, b } = context;
  const [x] = operands(node, 1);
  const y = result(node);
  if (y.shape.length !== 4 || !f.isNhwc(x)) return undefined;
  const [n, c, h, w] = dims4(y);
  return nhwc(context, node, b.emit(ops.Expand, [f.nhwc(x)], { shape: [n, h, w, c] }, localName(node)));
};

// The gradient of a slice with steps along both axes of an image, a chain of nodes: dy with zeros inserted between its pixels.
const spread: Rule = (context, node) => {
  const { f, b } = context;
  const found = spreadPixels(context, node);
  if (found === undefined || !f.isNhwc(found.source)) return undefined;
  const { source, rows, columns } = found;
  const [n, c, h, w] = dims4(result(node));
  const [, , ph, pw] = dims4(source);
  const along = (size: number, count: number, { first, stride }: Spread): readonly number[] =>
    range(size, -first).map((at) => (at % stride === 0 && at / stride < count ? at / stride : -1));
  const grid = gridOf(along(h, ph, rows), along(w, pw, columns), [ph, pw]);
  return nhwc(context, node, b.reshape(pickPixels(f, f.nhwc(source), grid, 'spread'), [n, h, w, c]));
};

const slice: Rule = (context, node) => {
  const spreads = spread(context, node);
  if (spreads !== undefined) return spreads;
  const { f, b } = context;
  const [x] = operands(node, 1);
  const y = result(node);
  if (x.shape.length !== 4 || !f.isNhwc(x)) return undefined;
  const [axes, starts, steps] = [ints(node, 'axes'), ints(node, 'starts'), ints(node, 'steps')];
  const [n, c, h, w] = dims4(x);
  const [m, k, oh, ow] = dims4(y);
  if (n !== m || steps.some((step) => step < 0)) return undefined;
  const along = (axis: number, count: number): readonly number[] => {
    const at = axes.indexOf(axis);
    const start = starts[at] ?? 0;
    return range(count, start < 0 ? start + Number(x.shape[axis]) : start, steps[at] ?? 1);
  };
  const pixels = pickPixels(f, f.nhwc(x), gridOf(along(2, oh), along(3, ow), [h, w]), localName(node));
  const channels = k === c ? pixels : pick(f, pixels, 2, along(1, k), localName(node));
  return nhwc(context, node, b.reshape(channels, [n, oh, ow, k]));
};

const pad: Rule = (context, node) => {
  const spreads = spread(context, node);
  if (spreads !== undefined) return spreads;
  const { f, b } = context;
  const [x] = operands(node, 1);
  const y = result(node);
  if (x.shape.length !== 4 || node.inputs.length > 1 || !f.isNhwc(x)) return undefined;
  if (!isZeroPad(node)) return undefined;
  const [n0 = 0, c0 = 0, h0 = 0, w0 = 0, n1 = 0] = ints(node, 'pads');
  if (n0 + n1 > 0) return undefined;
  const [n, c, h, w] = dims4(x);
  const [, k, oh, ow] = dims4(y);
  const channels = pick(
    f,
    f.nhwc(x),
    3,
    range(k, -c0).map((at) => (at >= 0 && at < c ? at : undefined)),
    localName(node),
  );
  const pixels = pickPixels(f, channels, gridOf(range(oh, -h0), range(ow, -w0), [h, w]), localName(node));
  return nhwc(context, node, b.reshape(pixels, [n, oh, ow, k]));
};

const pack: Rule = (context, node) => {
  const all = movedAll(context, node);
  return all && plain(context, node, all);
};

const concat: Rule = (context, node) => {
  const { f, b } = context;
  const images = node.inputs.flatMap((input) => (input && f.isNhwc(input) ? [f.nhwc(input)] : []));
  if (result(node).shape.length !== 4 || images.length !== node.inputs.length) return undefined;
  const axis = [0, 3, 1, 2].at(Number(node.attrs['axis']));
  return axis === undefined ? undefined : nhwc(context, node, b.concat(images, axis, localName(node)));
};

const logSoftmaxRule: Rule = (context, node) =>
  plain(context, node, logSoftmax(context.b, context.f.plain(operands(node, 1)[0]), node));

const argMaxRule: Rule = (context, node) =>
  plain(context, node, argMax(context.b, context.f.plain(operands(node, 1)[0]), node));

// What was int64 may be int32 already.
const cast: Rule = (context, node) => {
  const { f, b } = context;
  const [x] = operands(node, 1);
  if (f.isNhwc(x)) return elementwise(context, node);
  return plain(context, node, b.cast(f.plain(x), result(node).dtype, localName(node)));
};

// x > 0 less x < 0: there is no Sign for WebGPU.
const sign: Rule = (context, node) => {
  const { f, b } = context;
  const [x] = operands(node, 1);
  const give = f.isNhwc(x) ? nhwc : plain;
  const value = f.isNhwc(x) ? f.nhwc(x) : f.plain(x);
  const one = (condition: Value): Value => b.cast(condition, value.dtype);
  return give(context, node, b.sub(one(b.greater(value, 0)), one(b.less(value, 0)), localName(node)));
};

// Its kernel takes no operands that broadcast.
const pow: Rule = (context, node) => {
  const { f, b } = context;
  const [x, exponent] = operands(node, 2);
  const { shape } = result(node);
  const full = (value: Value): Value =>
    sameShape(value.shape, shape) ? value : b.emit(ops.Expand, [value], { shape });
  return plain(context, node, b.pow(full(f.plain(x)), full(f.plain(exponent)), localName(node)));
};

const elementwise: Rule = (context, node) => {
  const { f, b } = context;
  const inputs = node.inputs.flatMap((input) => input ?? []);
  if (result(node).shape.length !== 4 || !isElementwise(node) || !inputs.some((input) => f.isNhwc(input)))
    return undefined;
  const operands = inputs.map((input) => (input.shape.length === 0 ? f.plain(input) : f.nhwc(input)));
  return nhwc(context, node, b.emit(node.op, operands, node.attrs, localName(node)));
};

/** The rules by operator; every other operator gets `elementwise`. */
const rules: Readonly<Record<string, Rule>> = {
  Conv: conv,
  ConvInputGrad: convInputGrad,
  ConvWeightGrad: convWeightGrad,
  BatchNormTrain: norm('train'),
  BatchNormGrad: norm('grad'),
  BatchNormalization: norm('given'),
  MaxPool: pool,
  MaxPoolGrad: poolGrad,
  AveragePool: averagePoolRule,
  GlobalAveragePool: globalAveragePool,
  ReduceSum: reduce,
  ReduceMean: reduce,
  Expand: expand,
  Reshape: reshape,
  Slice: slice,
  Pad: pad,
  BundlePack: pack,
  Concat: concat,
  LogSoftmax: logSoftmaxRule,
  ArgMax: argMaxRule,
  Cast: cast,
  Sign: sign,
  Pow: pow,
};

/** Lowers a node and names its form; undefined where the portable form remains. */
export function lowerNode(context: Context, node: Node): string | undefined {
  return (rules[node.op.name] ?? elementwise)(context, node);
}

/** Records a result in NHWC, with its own channels or filled up. */
function nhwc({ f }: Context, node: Node, value: Value, form = 'nhwc'): string {
  const y = result(node);
  f.set(y, value.shape[3] === y.shape[1] ? { nhwc: value } : { wide: value });
  return form;
}

function plain({ f }: Context, node: Node, value: Value, form = 'plain'): string {
  f.set(result(node), { plain: value });
  return form;
}
