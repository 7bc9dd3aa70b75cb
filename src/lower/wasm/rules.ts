import { localName, type Node } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import type { BroadcastNorm } from '../rewrite/broadcast-norm.js';
import { movedAll } from '../rewrite/running.js';
import type { Context } from './context.js';
import { formOf } from './conv-forms.js';
import { pixelElementwise } from './elementwise.js';
import { dims4 } from '../rewrite/dims.js';
import { operands, result } from '../rewrite/operands.js';
import { summedImage } from '../rewrite/summed-image.js';
import { isTiled, maxPool, maxPoolGrad } from './max-pool.js';
import { movedPixels, spreadOfSlice } from './move.js';
import { patchConv, patchWeightGrad } from './patches.js';
import { pointConv, pointInputGrad, pointWeightGrad } from './point.js';

/** Lowers one node and says in which form; undefined where it keeps its portable one. */
type Rule = (context: Context, node: Node) => string | undefined;

const conv: Rule = (context, node) => {
  const form = formOf(context, node);
  if (form === 'patches') return give(context, node, { pending: patchConv(context, node) }, form);
  if (form === 'point') return give(context, node, { pixels: pointConv(context, node) }, form);
  return undefined;
};

const convInputGrad: Rule = (context, node) => {
  const form = formOf(context, node);
  return form === 'point' ? give(context, node, { pixels: pointInputGrad(context, node) }, form) : undefined;
};

const convWeightGrad: Rule = (context, node) => {
  const form = formOf(context, node);
  if (form === 'patches') return give(context, node, { plain: patchWeightGrad(context, node) }, form);
  if (form === 'point') return give(context, node, { plain: pointWeightGrad(context, node) }, form);
  return undefined;
};

const elementwise: Rule = (context, node) => {
  const pixels = pixelElementwise(context, node);
  return pixels && give(context, node, { pixels });
};

const pool: Rule = (context, node) => {
  if (!hasPixels(context, node) || !isTiled(node)) return undefined;
  return give(context, node, { pixels: maxPool(context, node) });
};

const poolGrad: Rule = (context, node) => {
  if (!hasPixels(context, node) || !isTiled(node)) return undefined;
  return give(context, node, { places: maxPoolGrad(context, node) });
};

const reduceSum: Rule = (context, node) => {
  const { f, b } = context;
  const source = summedImage(context, node);
  if (source === undefined || !f.isPixels(source)) return undefined;
  const [h, w, c, n] = dims4(f.pixels(source));
  return give(context, node, {
    plain: b.reduceSum(b.reshape(f.pixels(source), [h * w, c, n]), [0, 2], false, localName(node)),
  });
};

const norm =
  (kind: keyof BroadcastNorm): Rule =>
  (context, node) =>
    hasPixels(context, node) ? give(context, node, { pixels: context.norm[kind](node) }) : undefined;

const averagePool: Rule = (context, node) => {
  const { f, b } = context;
  const [x] = operands(node, 1);
  if (!f.isPixels(x)) return undefined;
  const [h, w, c, n] = dims4(f.pixels(x));
  const mean = b.reduceMean(b.reshape(f.pixels(x), [h * w, c * n]), [0], false, localName(node));
  return give(context, node, { pixels: b.reshape(mean, [1, 1, c, n]) });
};

// The gradient of global average pooling.
const expand: Rule = (context, node) => {
  const { f, b } = context;
  const [x] = operands(node, 1);
  const y = result(node);
  if (x.shape.length !== 4 || y.shape.length !== 4 || node.inputs.length !== 1 || !f.isPixels(x))
    return undefined;
  const [n, c, h, w] = dims4(y);
  return give(context, node, {
    pixels: b.emit(ops.Expand, [f.pixels(x)], { shape: [h, w, c, n] }, localName(node)),
  });
};

// ONNX Runtime's Relu in WebAssembly takes a branch for each element, 2.0 ms for [32,16,32,32]; Max takes 0.1.
const relu: Rule = (context, node) => {
  const [x] = operands(node, 1);
  const { f, b } = context;
  const form = f.isPixels(x) ? 'pixels' : 'plain';
  return give(context, node, { [form]: b.max(f[form](x), 0, localName(node)) });
};

const move: Rule = (context, node) => {
  const pixels = spreadOfSlice(context, node) ?? movedPixels(context, node);
  return pixels && give(context, node, { pixels });
};

const concat: Rule = (context, node) => {
  const plain = movedAll(context, node);
  return plain ? give(context, node, { plain }, 'plain') : move(context, node);
};

/** The rules by operator; every other operator gets `elementwise`. */
const rules: Readonly<Record<string, Rule>> = {
  Conv: conv,
  ConvInputGrad: convInputGrad,
  ConvWeightGrad: convWeightGrad,
  MaxPool: pool,
  MaxPoolGrad: poolGrad,
  ReduceSum: reduceSum,
  Relu: relu,
  BatchNormTrain: norm('train'),
  BatchNormGrad: norm('grad'),
  BatchNormalization: norm('given'),
  GlobalAveragePool: averagePool,
  Expand: expand,
  Slice: move,
  Pad: move,
  Concat: concat,
};

/** Lowers a node and says in which form; undefined where the portable form remains. */
export function lowerNode(context: Context, node: Node): string | undefined {
  return (rules[node.op.name] ?? elementwise)(context, node);
}

/** Whether the first operand is an image that is there pixel by pixel. */
function hasPixels({ f }: Context, { inputs: [x] }: Node): boolean {
  return x?.shape.length === 4 && f.isPixels(x);
}

function give({ f }: Context, node: Node, made: Parameters<Context['f']['set']>[1], form = 'pixels'): string {
  f.set(result(node), made);
  return form;
}
