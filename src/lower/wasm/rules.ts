import type { Node } from '../../ir/index.js';
import { localName } from '../shared/links.js';
import type { Context } from './context.js';
import { formOf } from './conv-forms.js';
import { spectralConv, spectralInputGrad, spectralWeightGrad } from './conv.js';
import { pixelElementwise } from './elementwise.js';
import { dims4 } from './forms.js';
import { isTiled, maxPool, maxPoolGrad } from './max-pool.js';
import { patchConv, patchWeightGrad } from './patches.js';
import { pointConv, pointInputGrad, pointWeightGrad } from './point.js';

/** Lowers one node, or says no: the node then keeps its portable form. */
type Rule = (context: Context, node: Node) => boolean;

const conv: Rule = (context, node) => {
  const form = formOf(context, node);
  if (form === 'spectrum') return give(context, node, { pending: spectralConv(context, node) });
  if (form === 'patches') return give(context, node, { pending: patchConv(context, node) });
  return form === 'point' && give(context, node, { pixels: pointConv(context, node) });
};

const convInputGrad: Rule = (context, node) => {
  const form = formOf(context, node);
  if (form === 'spectrum') return give(context, node, { pixels: spectralInputGrad(context, node) });
  return form === 'point' && give(context, node, { pixels: pointInputGrad(context, node) });
};

const convWeightGrad: Rule = (context, node) => {
  const form = formOf(context, node);
  if (form === 'spectrum') return give(context, node, { plain: spectralWeightGrad(context, node) });
  if (form === 'patches') return give(context, node, { plain: patchWeightGrad(context, node) });
  return form === 'point' && give(context, node, { plain: pointWeightGrad(context, node) });
};

const elementwise: Rule = (context, node) => {
  const pixels = pixelElementwise(context, node);
  return pixels !== undefined && give(context, node, { pixels });
};

const pool: Rule = (context, node) => {
  const [x] = node.inputs;
  if (x === undefined || !context.f.isPixels(x) || !isTiled(node)) return false;
  return give(context, node, { pixels: maxPool(context, node) });
};

const poolGrad: Rule = (context, node) => {
  const [x] = node.inputs;
  if (x === undefined || !context.f.isPixels(x) || !isTiled(node)) return false;
  return give(context, node, { places: maxPoolGrad(context, node) });
};

// The bias's gradient. What max-pooling passes back adds up to what came to it.
const reduceSum: Rule = (context, node) => {
  const { f, b, makers } = context;
  const [x] = node.inputs;
  const axes = node.attrs['axes'] as readonly number[];
  if (x?.shape.length !== 4 || axes.join() !== '0,2,3' || node.attrs['keepdims'] !== 0) return false;
  const maker = makers.get(x);
  const source = maker?.op.name === 'MaxPoolGrad' && isTiled(maker) ? maker.inputs[3] : x;
  if (source === undefined || !f.isPixels(source)) return false;
  const [h, w, c, n] = dims4(f.pixels(source));
  return give(context, node, {
    plain: b.reduceSum(b.reshape(f.pixels(source), [h * w, c, n]), [0, 2], false, localName(node)),
  });
};

/** The rules by operator; every other operator gets `elementwise`. */
const rules: Readonly<Record<string, Rule>> = {
  Conv: conv,
  ConvInputGrad: convInputGrad,
  ConvWeightGrad: convWeightGrad,
  MaxPool: pool,
  MaxPoolGrad: poolGrad,
  ReduceSum: reduceSum,
};

/** Operators whose form the report names. */
export const reported = new Set([
  ...['Conv', 'ConvInputGrad', 'ConvWeightGrad'],
  ...['MaxPool', 'MaxPoolGrad', 'BatchNormTrain', 'BatchNormGrad', 'BatchNormalization'],
]);

/** Lowers a node; false where the portable form remains. */
export function lowerNode(context: Context, node: Node): boolean {
  return (rules[node.op.name] ?? elementwise)(context, node);
}

function give({ f }: Context, node: Node, form: Parameters<Context['f']['set']>[1]): boolean {
  const [y] = node.outputs;
  if (y !== undefined) f.set(y, form);
  return true;
}
