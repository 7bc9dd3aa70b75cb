import type { Node } from '../../ir/index.js';
import { dims4 } from '../rewrite/dims.js';
import { convOperands, type ConvOperands } from '../rewrite/operands.js';
import { liveAxes } from '../rewrite/taps.js';
import type { Context } from './context.js';

/** How a convolution or one of its gradients is computed: `patches` and `point`, as im2col and a matrix product; as ONNX has it. */
export type ConvForm = 'patches' | 'point' | 'portable';

/** ONNX Runtime computes matrix products of this many columns at a time. */
const COLUMNS = 16;

/** Numbers in all patches, 32 MB. */
const MOST_PATCHES = 8 << 20;

/** The form of a convolution or of one of its gradients, the same for all three of them; those in groups stay portable. */
export function formOf(context: Context, node: Node): ConvForm {
  const conv = convOperands(node);
  const [n] = dims4(conv.x);
  if (conv.attrs.group > 1 || n < COLUMNS) return 'portable';
  if (isPoint(conv)) return 'point';
  return hasPatches(context, conv) ? 'patches' : 'portable';
}

/** Whether one tap alone of a kernel ever meets a pixel, without padding. */
function isPoint(conv: ConvOperands): boolean {
  return liveAxes(conv).every(({ axis: { kernel, before, after } }) => kernel === 1 && before + after === 0);
}

/** Whether it is a first layer, whose input needs no gradient, with so few channels that all patches fit. */
function hasPatches({ makers }: Context, { x, w, y }: ConvOperands): boolean {
  const [, c, kh, kw] = dims4(w);
  const [n, , oh, ow] = dims4(y);
  return makers.get(x) === undefined && c <= 4 && n * oh * ow * c * kh * kw <= MOST_PATCHES;
}
