import { ShapeError } from '../errors.js';
import { formatType } from '../ir/index.js';
import { required } from './attributes.js';
import { convRules, windowCount, type ConvAttrs } from './conv-shape.js';
import { defineOp } from './define.js';
import { nchw, sameDType } from './expect.js';

/** A convolution's attributes and the height and width of its input, which strides make ambiguous. */
export interface ConvInputGradAttrs extends ConvAttrs {
  readonly size: readonly [number, number];
}

/**
 * Gradient of a convolution's input: dy [N,K,OH,OW], w [K,C/group,kh,kw] -> dx [N,C,H,W]. In standard operators it is
 * ConvTranspose, whose output_padding makes up for the rows that the stride skipped.
 */
export const convInputGrad = defineOp<2, ConvInputGradAttrs>({
  name: 'ConvInputGrad',
  source: 'https://onnx.ai/onnx/operators/onnx__ConvTranspose.html',
  arity: 2,
  attributes: { ...convRules, size: required() },
  infer([dy, w], attrs) {
    sameDType('ConvInputGrad', dy, w);
    const [n, k, oh, ow] = nchw('ConvInputGrad', dy);
    const [filters, inner, kh, kw] = nchw('ConvInputGrad', w);
    const [h, width] = attrs.size;
    const fits =
      windowCount('ConvInputGrad', h, 0, attrs) === oh &&
      windowCount('ConvInputGrad', width, 1, attrs) === ow;
    const [kernelH, kernelW] = attrs.kernel_shape;
    if (k !== filters || k % attrs.group !== 0 || kh !== kernelH || kw !== kernelW || !fits) {
      throw new ShapeError(
        `ConvInputGrad to ${h}x${width}: ${formatType(dy)} and ${formatType(w)} do not fit`,
      );
    }
    return [n, inner * attrs.group, h, width];
  },
  // Linear in both: with u the gradient that arrives, d(dy) = conv(u, w) and dw = the weight gradient of conv(u, .).
  gradient({ b, x: [dy, w], dy: u, attrs }) {
    const { size, ...conv } = attrs;
    return [b.conv(u, w, undefined, conv), b.convWeightGrad(u, dy, conv)];
  },
  expand({ b, x: [dy, w], attrs: { size, ...attrs } }) {
    const [, , oh, ow] = nchw('ConvInputGrad', dy);
    const { kernel_shape: k, strides: s, pads: p, dilations: d } = attrs;
    const rest = (axis: 0 | 1, count: number): number =>
      size[axis] + p[axis] + p[axis === 0 ? 2 : 3] - ((count - 1) * s[axis] + (k[axis] - 1) * d[axis] + 1);
    const [below, right] = [rest(0, oh), rest(1, ow)];
    return [b.convTranspose(dy, w, { ...attrs, output_padding: [below, right] })];
  },
});
