import type { Node } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import type { Context } from './context.js';
import { forwardAxes, isPlainImage, isUngrouped, turnedAxes } from './conv.js';
import { dims4 } from '../shared/dims.js';
import { roundUp } from './layout.js';
import { isPointwise } from './pointwise-grad.js';
import type { Axis } from '../shared/taps.js';
import { batchGroups, preferredForm, type BatchGroups, type WeightGradForm } from './weight-grad.js';

/**
 * How a convolution or one of its gradients is computed on blocked tensors. `wide` and `narrow`: with and without the zeros
 * beside the image written out; `places`: the input's gradient for a stride, see strided-input-grad.ts; the others are of
 * the weight's gradient.
 */
export type ConvForm = 'wide' | 'narrow' | 'places' | WeightGradForm;

/** The forms that a node can have, the one that the written heuristic takes first. */
export type ConvForms = readonly [heuristic: ConvForm, ...others: ConvForm[]];

/** The form of a node: the chosen one if the node can have it, else the written heuristic's. */
export function formOf(context: Context, node: Node): ConvForm {
  const forms = formsOf(context, node) ?? ['narrow'];
  const wanted = context.choices[node.name];
  return forms.find((form) => form === wanted) ?? forms[0];
}

/**
 * The forms of a convolution or of one of its gradients; undefined for other nodes, and for those that have no blocked form.
 * The first one, for what is not measured, is the written heuristic's. Its numbers are of 2 cores with AVX-512:
 *
 * - Forward, zeros are written out up to 32 columns, for the weight's gradient needs the same copy anyway.
 * - Backward, for 3x3, the copy pays from 64 channels on, in images of few pixels (512 -> 512 on 7x7: 54 -> 47 ms); padding
 *   of the whole kernel, after a convolution without padding, means too many zeros.
 * - The weight's gradient is a convolution over the batch, in groups where what they give is less than half of dy.
 */
export function formsOf(context: Context, node: Node): ConvForms | undefined {
  if (!isUngrouped(node)) return undefined;
  switch (node.op.name) {
    case 'Conv':
      return forwardForms(context, node);
    case 'ConvInputGrad':
      return inputGradForms(node);
    case 'ConvWeightGrad':
      return weightGradForms(context, node);
    default:
      return undefined;
  }
}

function forwardForms(context: Context, node: Node): ConvForms | undefined {
  const [x] = node.inputs;
  if (x === undefined) return undefined;
  const [, { axis: columns }] = forwardAxes(node);
  if (isPlainImage(context, x) || !isPadded(columns)) return ['narrow'];
  return columns.size <= 32 ? ['wide', 'narrow'] : ['narrow', 'wide'];
}

function inputGradForms(node: Node): ConvForms | undefined {
  const [dy] = node.inputs;
  if (dy === undefined) return undefined;
  const axes = turnedAxes(node);
  if (axes === undefined) return ['places'];
  const [, columns] = axes;
  if (!isPadded(columns)) return ['narrow'];
  const [, channels] = dims4(dy);
  const isWorth = columns.kernel >= 5 || (channels >= 64 && columns.out <= 14);
  return isWorth && columns.before < columns.kernel - 1 ? ['wide', 'narrow'] : ['narrow', 'wide'];
}

function weightGradForms(context: Context, node: Node): ConvForms | undefined {
  const [x, dy] = node.inputs;
  const { dilations, kernel_shape } = node.attrs as unknown as ConvAttrs;
  if (x === undefined || dy === undefined || dilations.some((d) => d !== 1)) return undefined;
  const { block } = context.f;
  const direct = isPlainImage(context, x);
  const [c, k] = [Number(x.shape[1]), Number(dy.shape[1])];
  const weight = [direct ? c : roundUp(c, block), roundUp(k, block), ...kernel_shape] as const;
  const groups = batchGroups(block, weight, dims4(dy));
  const first = preferredForm(groups);
  const others = (['batch', 'groups', 'pixel'] as const).filter((form) => {
    if (form === 'pixel') return !direct && isPointwise(node);
    return form !== first && (form === 'batch' || areFeasible(groups));
  });
  return [first, ...others];
}

/** Groups whose results are larger than dy cost more memory and time than any copy of dy. */
function areFeasible({ count, share }: BatchGroups): boolean {
  return count > 1 && share <= 1;
}

function isPadded({ before, after }: Axis): boolean {
  return before + after > 0;
}
