import { ShapeError } from '../errors.js';
import { formatType, type TensorType, type Value } from '../ir/index.js';
import { filled, refuseAttr } from './attributes.js';
import { convRules, settleConv, type ConvAttrs, type ConvTransposeAttrs } from './conv-shape.js';
import { defineOp } from './define.js';
import { nchw, sameDType } from './expect.js';
import type { Emitter } from './emitter.js';

/** Transposed convolution: x [N,K,OH,OW], w [K,C/group,kh,kw], bias [C] -> [N,C,H,W]. */
export const convTranspose = defineOp<'2..3', ConvTransposeAttrs>({
  name: 'ConvTranspose',
  arity: '2..3',
  attributes: { ...convRules, output_padding: filled([0, 0]) },
  settle(attrs, inputs) {
    // For the others ONNX's definition and ONNX Runtime put the odd padding on different sides.
    const { auto_pad: auto = 'NOTSET' } = attrs;
    if (auto !== 'NOTSET' && auto !== 'VALID') {
      refuseAttr('ConvTranspose', 'auto_pad', 'NOTSET or VALID', auto);
    }
    return settleConv('ConvTranspose', attrs, inputs);
  },
  infer([x, w, bias], attrs) {
    const { kernel_shape: k, strides: s, pads: p, dilations: d, output_padding: o, group } = attrs;
    sameDType('ConvTranspose', x, w, bias);
    const [n, channels, oh, ow] = nchw('ConvTranspose', x);
    const [filters, inner, kh, kw] = nchw('ConvTranspose', w);
    if (channels !== filters || channels % group !== 0 || kh !== k[0] || kw !== k[1]) {
      throw new ShapeError(
        `ConvTranspose: ${formatType(x)} and ${formatType(w)} with group ${group} do not fit`,
      );
    }
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== inner * group)) {
      throw new ShapeError(`ConvTranspose: expected a bias [${inner * group}], got ${formatType(bias)}`);
    }
    for (const axis of [0, 1] as const) checkWindow(attrs, axis);
    const length = (count: number, axis: 0 | 1): number =>
      (count - 1) * s[axis] + (k[axis] - 1) * d[axis] + 1 + o[axis] - p[axis] - p[axis === 0 ? 2 : 3];
    const [h, width] = [length(oh, 0), length(ow, 1)];
    if (h < 1 || width < 1) {
      throw new ShapeError(`ConvTranspose: the pads [${p.join(',')}] leave nothing of ${formatType(x)}`);
    }
    return [n, inner * group, h, width];
  },
  // It is itself the gradient of a convolution, so its gradients are that convolution and its weight gradient.
  gradient({ b, x: [x, w, bias], dy, attrs }) {
    const dbias = bias === undefined ? undefined : b.reduceSum(dy, [0, 2, 3]);
    const reached = reachedPart(b, x, dy, attrs);
    if (reached === undefined) return [b.mul(x, 0), b.mul(w, 0), dbias];
    const [seen, conv] = reached;
    return [b.conv(seen, w, undefined, conv), b.convWeightGrad(seen, x, conv), dbias];
  },
  // ONNX Runtime refuses an output padding of a stride or more. A line of zeros after x adds a stride to it.
  rephrase({ b, x: [x, w, bias], attrs }) {
    const { strides: s, output_padding: o } = attrs;
    const lines = [Math.floor(o[0] / s[0]), Math.floor(o[1] / s[1])] as const;
    if (lines[0] === 0 && lines[1] === 0) return undefined;
    const longer = b.pad(x, [0, 0, 0, 0, 0, 0, ...lines]);
    const rest = [o[0] % s[0], o[1] % s[1]] as const;
    return [b.convTranspose(longer, w, { ...attrs, output_padding: rest }, undefined, bias)];
  },
});

/** What PyTorch and ONNX require of a transposed convolution's window. */
function checkWindow(
  { strides: s, dilations: d, pads: p, output_padding: o }: ConvTransposeAttrs,
  axis: 0 | 1,
): void {
  const [stride, dilation, extra] = [s[axis], d[axis], o[axis]];
  const [before, after] = [p[axis], p[axis === 0 ? 2 : 3]];
  if (stride < 1 || dilation < 1 || before < 0 || after < 0) {
    throw new ShapeError(
      `ConvTranspose: expected a stride and a dilation of at least 1 and pads of at least 0, got ${stride}, ${dilation} and ${before}, ${after}`,
    );
  }
  if (extra < 0 || extra >= Math.max(stride, dilation)) {
    throw new ShapeError(
      `ConvTranspose: expected an output padding of at least 0 and less than the stride ${stride} or the dilation ${dilation}, got ${extra}`,
    );
  }
}

/**
 * The part of dy that pixels of x reach, and the convolution that makes x's pixels of it. Output padding of a stride or
 * more adds lines that no pixel reaches, and that would be windows more: of them first the convolution's padding is taken,
 * then dy. Undefined where no pixel of x reaches any of dy.
 */
function reachedPart(
  b: Emitter,
  x: TensorType,
  dy: Value,
  { output_padding: o, ...attrs }: ConvTransposeAttrs,
): readonly [Value, ConvAttrs] | undefined {
  const { kernel_shape: k, strides: s, pads: p, dilations: d } = attrs;
  const [, , oh, ow] = nchw('ConvTranspose', x);
  const [, , h, w] = nchw('ConvTranspose', dy);
  const along = (count: number, size: number, axis: 0 | 1): readonly [end: number, pad: number] => {
    const after = p[axis === 0 ? 2 : 3];
    if (o[axis] < s[axis]) return [size, after];
    const reach = (count - 1) * s[axis] + (k[axis] - 1) * d[axis] + 1 - p[axis];
    return [Math.min(reach, size), Math.max(reach - size, 0)];
  };
  const [[rows, below], [columns, right]] = [along(oh, h, 0), along(ow, w, 1)];
  if (rows < 1 || columns < 1) return undefined;
  const isWhole = rows === h && columns === w;
  const seen = isWhole ? dy : b.slice(dy, { axes: [2, 3], starts: [0, 0], ends: [rows, columns] });
  return [seen, { ...attrs, pads: [p[0], p[1], below, right] }];
}
