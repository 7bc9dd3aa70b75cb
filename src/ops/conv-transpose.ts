import { ShapeError } from '../errors.js';
import { formatType } from '../ir/index.js';
import type { ConvTransposeAttrs } from './conv-shape.js';
import { defineOp, nchw, sameDType } from './define.js';

/** Transposed convolution: x [N,K,OH,OW], w [K,C/group,kh,kw] -> [N,C,H,W]. */
export const convTranspose = defineOp<2, ConvTransposeAttrs>({
  name: 'ConvTranspose',
  source: 'https://onnx.ai/onnx/operators/onnx__ConvTranspose.html',
  infer([x, w], { kernel_shape: k, strides: s, pads: p, dilations: d, output_padding: o, group }) {
    sameDType('ConvTranspose', x, w);
    const [n, channels, oh, ow] = nchw('ConvTranspose', x);
    const [filters, inner, kh, kw] = nchw('ConvTranspose', w);
    if (channels !== filters || channels % group !== 0 || kh !== k[0] || kw !== k[1]) {
      throw new ShapeError(
        `ConvTranspose: ${formatType(x)} and ${formatType(w)} with group ${group} do not fit`,
      );
    }
    const length = (count: number, axis: 0 | 1): number =>
      (count - 1) * s[axis] + (k[axis] - 1) * d[axis] + 1 + o[axis] - p[axis] - p[axis === 0 ? 2 : 3];
    const [h, width] = [length(oh, 0), length(ow, 1)];
    if (h < 1 || width < 1) {
      throw new ShapeError(`ConvTranspose: the pads [${p.join(',')}] leave nothing of ${formatType(x)}`);
    }
    return [n, inner * group, h, width];
  },
  // It is itself the gradient of a convolution, so its gradients are that convolution and its weight gradient.
  gradient({ b, x: [x, w], dy, attrs: { output_padding, ...attrs } }) {
    return [b.conv(dy, w, undefined, attrs), b.convWeightGrad(dy, x, attrs)];
  },
});
