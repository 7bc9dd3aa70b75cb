import type { Node, Value } from '../../ir/index.js';
import { isTiling, type ConvAttrs, type PoolAttrs } from '../../ops/index.js';
import type { Context } from './context.js';
import { dims4 } from '../rewrite/dims.js';
import { range, type Forms, type Pending } from './forms.js';
import { planOf, tilesIn, type Plan, type PlanAxis } from './plan.js';
import {
  pixelsOfGradient,
  pixelsOfY,
  spectrumOfGradient,
  spectrumOfWeight,
  spectrumOfX,
  weightOfGradient,
} from './spectra.js';

/** The operands of a convolution or one of its gradients: the image, the weight, the image after it. */
export interface ConvOperands {
  readonly x: Value;
  readonly w: Value;
  readonly y: Value;
  readonly bias: Value | undefined;
  readonly attrs: ConvAttrs;
}

/** The operands, whichever of them are given and made. */
export function operandsOf({
  op,
  name,
  inputs: [first, second, third],
  outputs: [made],
  attrs,
}: Node): ConvOperands {
  if (first === undefined || second === undefined || made === undefined)
    throw new Error(`${name} lacks operands`);
  const rest = { bias: third, attrs: attrs as unknown as ConvAttrs };
  if (op.name === 'Conv') return { x: first, w: second, y: made, ...rest };
  if (op.name === 'ConvInputGrad') return { x: made, w: second, y: first, ...rest };
  return { x: first, w: made, y: second, ...rest };
}

/** The plan of a convolution, whose gradients have the same. */
export function convPlan(context: Context, { x, y, attrs }: ConvOperands, tile?: number): Plan {
  const [, , h, w] = dims4(x);
  return planOf(attrs, [h, w], wantedPixels(context, y), tile);
}

/**
 * How many rows and columns of an image, or of its gradient, are not lost: where it is pooled only, in windows side by side,
 * the rest of a window is.
 */
export function wantedPixels({ graph, makers, users }: Context, y: Value): readonly [number, number] {
  const [, , h, w] = dims4(y);
  const maker = makers.get(y);
  const pools = maker?.op.name === 'MaxPoolGrad' ? [maker] : (users.get(y) ?? []);
  const isOnlyPooled =
    pools.every((node) => isTiledPool(node) && (node === maker || node.inputs[0] === y)) &&
    !graph.outputs.some(({ value }) => value === y);
  if (pools.length === 0 || !isOnlyPooled) return [h, w];
  const covered = (size: number, axis: 0 | 1): number =>
    Math.max(...pools.map(({ attrs }) => size - (size % (attrs as unknown as PoolAttrs).kernel_shape[axis])));
  return [covered(h, 0), covered(w, 1)];
}

/** Whether a node is max-pooling or its gradient, in windows side by side without padding. */
export function isTiledPool({ op, attrs }: Node): boolean {
  if (op.name !== 'MaxPool' && op.name !== 'MaxPoolGrad') return false;
  return isTiling(attrs as unknown as PoolAttrs);
}

/** A convolution as products of spectra. */
export function spectralConv(context: Context, node: Node, tile: number): Pending {
  const { f, b } = context;
  const operands = operandsOf(node);
  const plan = convPlan(context, operands, tile);
  const weight = spectrumOfWeight(f, f.plain(operands.w), plan);
  const spectrum = b.matMul(weight, spectrumOfX(f, f.pixels(operands.x), plan), 'products');
  return {
    inPart: tilesIn(plan) === 1,
    ...(operands.bias && { bias: operands.bias }),
    at: (rows, columns) => pixelsOfY(f, spectrum, partOf(plan, rows, columns)),
  };
}

/** Its input's gradient. */
export function spectralInputGrad(context: Context, node: Node, tile: number): Value {
  const { f, b } = context;
  const operands = operandsOf(node);
  const plan = convPlan(context, operands, tile);
  const weight = b.transpose(spectrumOfWeight(f, f.plain(operands.w), plan), [0, 1, 3, 2]);
  return pixelsOfGradient(f, b.matMul(weight, gradientSpectrum(f, operands.y, plan), 'products'), plan);
}

/** Its weight's gradient. */
export function spectralWeightGrad(context: Context, node: Node, tile: number): Value {
  const { f, b } = context;
  const operands = operandsOf(node);
  const plan = convPlan(context, operands, tile);
  const image = b.transpose(spectrumOfX(f, f.pixels(operands.x), plan), [0, 1, 3, 2]);
  const products = b.matMul(gradientSpectrum(f, operands.y, plan), image, 'products');
  return weightOfGradient(f, products, dims4(operands.w), plan);
}

/** Of the gradient that arrives, without rows and columns that are known to be zero. */
function gradientSpectrum(f: Forms, y: Value, plan: Plan): Value {
  const [height, width] = plan;
  const dy = firstPixels(f, f.corner(y), height.live.axis.out, width.live.axis.out);
  if (tilesIn(plan) > 1) return spectrumOfGradient(f, dy, plan);
  const [rows, columns] = dims4(dy);
  return spectrumOfGradient(f, dy, partOf(plan, range(rows), range(columns)));
}

function firstPixels({ b }: Forms, x: Value, rows: number, columns: number): Value {
  const [h, w] = dims4(x);
  if (h <= rows && w <= columns) return x;
  return b.slice(x, { axes: [0, 1], starts: [0, 0], ends: [Math.min(h, rows), Math.min(w, columns)] });
}

/** The same plan with only some of the pixels of y: others are not wanted, or zero. */
function partOf([height, width]: Plan, rows: readonly number[], columns: readonly number[]): Plan {
  const pick = (axis: PlanAxis, pixels: readonly number[]): PlanAxis =>
    axis.tiles > 1 ? axis : { ...axis, y: pixels.map((pixel) => pixel * axis.live.axis.stride) };
  return [pick(height, rows), pick(width, columns)];
}

/** Whether a convolution has one group only. */
export function isUngrouped(node: Node): boolean {
  return (node.attrs as unknown as ConvAttrs).group === 1;
}
