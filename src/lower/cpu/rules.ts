import { sameShape, type Node } from '../../ir/index.js';
import { normGiven, normGrad, normTrain, scaled } from './batch-norm.js';
import { blockedGlobalAveragePool } from './blocked-ops.js';
import { affine } from './depthwise.js';
import type { Context } from './context.js';
import { formOf } from './conv-forms.js';
import { forwardConv, inputGrad } from './conv.js';
import { blockedElementwise } from './elementwise.js';
import { factorInResult, factorInWeight, mayBeFactored } from './factored.js';
import { dims4 } from '../rewrite/dims.js';
import { operands, result } from '../rewrite/operands.js';
import { summedImage } from '../rewrite/summed-image.js';
import { isTiled, isUndilated, maxPool, maxPoolGrad } from './max-pool.js';
import { placementOf } from './placement.js';
import { addPlaces, areAlike } from './places.js';
import { channelSum, spreadPixels } from './reduce.js';
import { movedAll } from '../rewrite/running.js';
import { blockedPad, blockedSlice, spreadPlaces } from './slices.js';
import { isStemPool, stemPool, stemPoolGrad } from './stem-pool.js';
import { stridedInputGrad } from './strided-input-grad.js';
import { weightGrad } from './weight-grad.js';

/** Lowers one node, or says no: the node then keeps its portable form. */
type Rule = (context: Context, node: Node) => boolean;

const conv: Rule = (context, node) => {
  const placement = placementOf(context, node);
  if (placement === undefined) return false;
  const wide = formOf(context, node) === 'wide';
  return give(context, node, { pending: forwardConv(context.f, node, placement, wide) });
};

const convInputGrad: Rule = (context, original) => {
  const { f } = context;
  const placement = placementOf(context, original);
  if (placement === undefined) return false;
  const node = factorInWeight(f, original, placement);
  const pending = inputGrad(f, node, placement, formOf(context, node) === 'wide');
  if (pending !== undefined) return give({ f }, node, { pending });
  return give({ f }, node, { places: stridedInputGrad(f, node, placement) });
};

/**
 * Whether batch normalisation runs in blocks: of all images but those from outside, which are few channels. One that lies as
 * in the portable graph (a concatenation of channels that fill no blocks) is converted in one pass; the portable form takes
 * seven passes more, and what follows is a convolution that wants blocks.
 */
function isNormalised({ f, graph }: Context, node: Node): boolean {
  const [x] = operands(node, 1);
  return x.shape.length === 4 && x.dtype === 'float32' && (f.isBlocked(x) || !graph.inputs.includes(x));
}

const norm =
  (lowered: typeof normTrain): Rule =>
  (context, node) =>
    isNormalised(context, node) && give(context, node, { pending: lowered(context, node) });

// x times [C] made [1,C,1,1]: the gradient of batch normalisation with given statistics.
const mul: Rule = (context, node) => {
  const { f, makers } = context;
  const [x, v] = operands(node, 2);
  const maker = makers.get(v);
  const factor = maker?.op.name === 'Reshape' ? maker.inputs[0] : undefined;
  const isPerChannel =
    x.shape.length === 4 &&
    x.dtype === 'float32' &&
    factor?.shape.length === 1 &&
    factor.shape[0] === x.shape[1] &&
    v.shape.slice(-3).join() === `${String(x.shape[1])},1,1` &&
    f.isBlocked(x) &&
    // A parameter [C,1,1] is cut out of the state as it is, and never exists as [C].
    f.isKnown(factor);
  return isPerChannel ? give({ f }, node, { blocked: scaled(f, x, factor) }) : elementwise(context, node);
};

const normGradient: Rule = (context, node) => {
  const { f } = context;
  const [x] = operands(node, 1);
  if (x.shape.length !== 4 || !f.isBlocked(x)) return false;
  const factored = normGrad(context, node);
  if (mayBeFactored(context, result(node))) return give(context, node, { factored });
  return give(context, node, { blocked: affine(f, factored.image, factored.factor, undefined) });
};

const convWeightGrad: Rule = (context, node) => {
  const placement = placementOf(context, node);
  if (placement === undefined) return false;
  const { layout } = placement;
  const { node: unscaled, times } = factorInResult(context.f, node);
  const value = times(weightGrad(context.f, unscaled, placement, formOf(context, node)));
  return give(context, node, { weights: [{ layout, value }] });
};

// conv + shortcut: the sum is added inside the convolution, if nobody else wants the convolution alone.
const add: Rule = (context, node) => {
  const [u, v] = operands(node, 2);
  if (!sameShape(u.shape, v.shape)) return false;
  const [first, second] = [context.f.places(u), context.f.places(v)];
  const areAlone = context.counts.get(u) === 1 && context.counts.get(v) === 1;
  if (first !== undefined && second !== undefined && areAlone && areAlike(first, second)) {
    return give(context, node, { places: addPlaces(context.f, first, second) });
  }
  for (const [part, other] of [
    [u, v],
    [v, u],
  ] as const) {
    const pending = context.f.pending(part);
    if (pending?.takesSum !== true || context.counts.get(part) !== 1) continue;
    return give(context, node, { pending: pending.plus(context.f.blocked(other)) });
  }
  return elementwise(context, node);
};

const relu: Rule = (context, node) => {
  const [x] = operands(node, 1);
  const pending = context.f.pending(x);
  if (pending === undefined || context.counts.get(x) !== 1) return elementwise(context, node);
  return give(context, node, { blocked: pending.emitRectified() });
};

const elementwise: Rule = (context, node) => {
  const blocked = blockedElementwise(context, node);
  return blocked !== undefined && give(context, node, { blocked });
};

const pool: Rule = ({ f, counts }, node) => {
  const [x] = operands(node, 1);
  const [, indices] = node.outputs;
  const seesIndices = indices !== undefined && (counts.get(indices) ?? 0) > 0;
  if (x.dtype !== 'float32' || !f.isBlocked(x) || !isUndilated(node)) return false;
  if (!seesIndices || isTiled(node)) return give({ f }, node, { blocked: maxPool(f, node) });
  return isStemPool(node) && give({ f }, node, { blocked: stemPool(f, node) });
};

const poolGrad: Rule = ({ f }, node) => {
  const [x] = operands(node, 1);
  if (!f.isBlocked(x)) return false;
  if (isTiled(node)) return give({ f }, node, { blocked: maxPoolGrad(f, node) });
  return isStemPool(node) && give({ f }, node, { blocked: stemPoolGrad(f, node) });
};

const averagePool: Rule = ({ f, b }, node) => {
  const [x] = operands(node, 1);
  if (x.dtype !== 'float32' || !f.isBlocked(x)) return false;
  return give({ f }, node, { blocked: b.emit(blockedGlobalAveragePool, [f.blocked(x)], {}, 'pool') });
};

const reduceSum: Rule = (context, node) => {
  const { f } = context;
  const source = summedImage(context, node);
  if (source === undefined || !f.isBlocked(source)) return false;
  return give(context, node, { vector: channelSum(f, f.blocked(source)) });
};

// The gradient of global average pooling.
const expand: Rule = ({ f }, node) => {
  const [x] = operands(node, 1);
  const y = result(node);
  if (x.shape.length !== 4 || y.shape.length !== 4 || node.inputs.length !== 1) return false;
  const [n, c, h, w] = dims4(x);
  const [m, k, height, width] = dims4(y);
  if (h * w !== 1 || n !== m || c !== k || c % f.block !== 0) return false;
  return give({ f }, node, { blocked: spreadPixels(f, f.blocked(x), height, width) });
};

const slice: Rule = ({ f }, node) => {
  const blocked = blockedSlice(f, node);
  return blocked !== undefined && give({ f }, node, { blocked });
};

const pack: Rule = (context, node) => {
  const plain = movedAll(context, node);
  return plain !== undefined && give(context, node, { plain });
};

const pad: Rule = (context, node) => {
  const places = spreadPlaces(context, node);
  if (places !== undefined) return give(context, node, { places });
  const blocked = blockedPad(context.f, node);
  return blocked !== undefined && give(context, node, { blocked });
};

/** The rules by operator; every other operator gets `elementwise`. */
const rules: Readonly<Record<string, Rule>> = {
  Conv: conv,
  ConvInputGrad: convInputGrad,
  ConvWeightGrad: convWeightGrad,
  BatchNormTrain: norm(normTrain),
  BatchNormGrad: normGradient,
  BatchNormalization: norm(normGiven),
  Mul: mul,
  Add: add,
  Relu: relu,
  MaxPool: pool,
  MaxPoolGrad: poolGrad,
  GlobalAveragePool: averagePool,
  ReduceSum: reduceSum,
  Expand: expand,
  Slice: slice,
  BundlePack: pack,
  Pad: pad,
};

/** Lowers a node to blocked operators; false where the portable form remains. */
export function lowerNode(context: Context, node: Node): boolean {
  return (rules[node.op.name] ?? elementwise)(context, node);
}

function give({ f }: Pick<Context, 'f'>, node: Node, form: Parameters<Context['f']['set']>[1]): boolean {
  f.set(result(node), form);
  return true;
}
