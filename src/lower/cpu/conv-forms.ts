import type { Node } from '../../ir/index.js';
import { weightShape } from '../layout/weight-layout.js';
import type { Context } from './context.js';
import { turnedAxes } from './conv.js';
import { dims4 } from '../rewrite/dims.js';
import { placementOf, type Placement } from './placement.js';
import { phasesOf } from './phases.js';
import { isPointwise } from './pointwise-grad.js';
import { convOperands } from '../rewrite/operands.js';
import { liveAxes, type Axis } from '../rewrite/taps.js';
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
 * - Forward, zeros are written out up to 32 columns, for the weight's gradient needs the same copy anyway; not for depthwise
 *   convolutions, which do little with a pixel: 64 channels of 32x32, 1.3 -> 0.8 ms of one core without.
 * - Backward, for 3x3, the copy pays from 64 channels on, in images of few pixels (512 -> 512 on 7x7: 54 -> 47 ms); padding
 *   of the whole kernel, after a convolution without padding, means too many zeros.
 * - The weight's gradient is a convolution over the batch, in groups where what they give is less than half of dy. Of a
 *   depthwise convolution it has one form.
 */
export function formsOf(context: Context, node: Node): ConvForms | undefined {
  const placement = placementOf(context, node);
  if (placement === undefined) return undefined;
  switch (node.op.name) {
    case 'Conv':
      return forwardForms(node, placement);
    case 'ConvInputGrad':
      return inputGradForms(node, placement);
    default:
      return weightGradForms(context, node, placement);
  }
}

function forwardForms(node: Node, { isPlain, isDepthwise }: Placement): ConvForms {
  const [, { axis: columns }] = liveAxes(convOperands(node));
  if (isPlain || !isPadded(columns)) return ['narrow'];
  return columns.size <= 32 && !isDepthwise ? ['wide', 'narrow'] : ['narrow', 'wide'];
}

function inputGradForms(node: Node, { isDepthwise }: Placement): ConvForms {
  const axes = turnedAxes(node);
  if (axes === undefined) return ['places'];
  const [, columns] = axes;
  if (!isPadded(columns)) return ['narrow'];
  const [, channels] = dims4(convOperands(node).y);
  const isWorth = !isDepthwise && (columns.kernel >= 5 || (channels >= 64 && columns.out <= 14));
  return isWorth && columns.before < columns.kernel - 1 ? ['wide', 'narrow'] : ['narrow', 'wide'];
}

function weightGradForms(
  { f }: Context,
  node: Node,
  { layout, isPlain, isDepthwise, group }: Placement,
): ConvForms {
  if (isDepthwise) return ['depthwise'];
  const conv = convOperands(node);
  const [k, c, kh, kw] = weightShape(conv.w.shape.map(Number), f.block, layout);
  const [n, channels, oh, ow] = dims4(conv.y);
  const [, { axis: columns }] = liveAxes(conv);
  const phases = isPlain ? 1 : phasesOf(columns);
  const pixels = [n * phases, channels, oh, Math.ceil(ow / phases)] as const;
  const groups = batchGroups(f.block, [c, k, kh, kw], pixels);
  const first = preferredForm(groups);
  const others = (['batch', 'groups', 'pixel'] as const).filter((form) => {
    if (form === 'pixel') return !isPlain && group === 1 && layout.group === 1 && isPointwise(node);
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
