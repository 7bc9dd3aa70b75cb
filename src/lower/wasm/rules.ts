import { localName, type Node } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import type { BroadcastNorm } from '../rewrite/broadcast-norm.js';
import { movedAll } from '../rewrite/running.js';
import type { Context } from './context.js';
import { formOf } from './conv-forms.js';
import { hwcnElementwise } from './elementwise.js';
import { dims4 } from '../rewrite/dims.js';
import { operands, result } from '../rewrite/operands.js';
import { summedImage } from '../rewrite/summed-image.js';
import { isTiled, maxPool, maxPoolGrad } from './max-pool.js';
import { movedHwcn, spreadOfSlice } from './move.js';
import { patchConv, patchWeightGrad } from './patches.js';
import { pointConv, pointInputGrad, pointWeightGrad } from './point.js';

/** Lowers one node and says in which form; undefined where it keeps its portable one. */
type Rule = (context: Context, node: Node) => string | undefined;

const conv: Rule = (context, node) => {
  const form = formOf(context, node);
  if (form === 'patches') return give(context, node, { pending: patchConv(context, node) }, form);
  if (form === 'point') return give(context, node, { hwcn: pointConv(context, node) }, form);
  return undefined;
};

const convInputGrad: Rule = (context, node) => {
  const form = formOf(context, node);
  return form === 'point' ? give(context, node, { hwcn: pointInputGrad(context, node) }, form) : undefined;
};

const convWeightGrad: Rule = (context, node) => {
  const form = formOf(context, node);
  if (form === 'patches') return give(context, node, { plain: patchWeightGrad(context, node) }, form);
  if (form === 'point') return give(context, node, { plain: pointWeightGrad(context, node) }, form);
  return undefined;
};

const elementwise: Rule = (context, node) => {
  const hwcn = hwcnElementwise(context, node);
  return hwcn && give(context, node, { hwcn });
};

const pool: Rule = (context, node) => {
  if (!isHwcnImage(context, node) || !isTiled(node)) return undefined;
  return give(context, node, { hwcn: maxPool(context, node) });
};

const poolGrad: Rule = (context, node) => {
  if (!isHwcnImage(context, node) || !isTiled(node)) return undefined;
  return give(context, node, { places: maxPoolGrad(context, node) });
};

const reduceSum: Rule = (context, node) => {
  const { f, b } = context;
  const source = summedImage(context, node);
  if (source === undefined || !f.isHwcn(source)) return undefined;
  const [h, w, c, n] = dims4(f.hwcn(source));
  return give(context, node, {
    plain: b.reduceSum(b.reshape(f.hwcn(source), [h * w, c, n]), [0, 2], false, localName(node)),
  });
};

const norm =
  (kind: keyof BroadcastNorm): Rule =>
  (context, node) =>
    isHwcnImage(context, node) ? give(context, node, { hwcn: context.norm[kind](node) }) : undefined;

const averagePool: Rule = (context, node) => {
  const { f, b } = context;
  const [x] = operands(node, 1);
  if (!f.isHwcn(x)) return undefined;
  const [h, w, c, n] = dims4(f.hwcn(x));
  const mean = b.reduceMean(b.reshape(f.hwcn(x), [h * w, c * n]), [0], false, localName(node));
  return give(context, node, { hwcn: b.reshape(mean, [1, 1, c, n]) });
};

// The gradient of global average pooling.
const expand: Rule = (context, node) => {
  const { f, b } = context;
  const [x] = operands(node, 1);
  const y = result(node);
  if (x.shape.length !== 4 || y.shape.length !== 4 || node.inputs.length !== 1 || !f.isHwcn(x))
    return undefined;
  const [n, c, h, w] = dims4(y);
  return give(context, node, {
    hwcn: b.emit(ops.Expand, [f.hwcn(x)], { shape: [h, w, c, n] }, localName(node)),
  });
};

// ONNX Runtime's Relu in WebAssembly takes a branch for each element, 2.0 ms for [32,16,32,32]; Max takes 0.1.
const relu: Rule = (context, node) => {
  const [x] = operands(node, 1);
  const { f, b } = context;
  const form = f.isHwcn(x) ? 'hwcn' : 'plain';
  return give(context, node, { [form]: b.max(f[form](x), 0, localName(node)) });
};

const move: Rule = (context, node) => {
  const hwcn = spreadOfSlice(context, node) ?? movedHwcn(context, node);
  return hwcn && give(context, node, { hwcn });
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

/** Whether the first operand is an image that exists in HWCN. */
function isHwcnImage({ f }: Context, { inputs: [x] }: Node): boolean {
  return x?.shape.length === 4 && f.isHwcn(x);
}

function give({ f }: Context, node: Node, made: Parameters<Context['f']['set']>[1], form = 'hwcn'): string {
  f.set(result(node), made);
  return form;
}
