import { ShapeError } from '../errors.js';
import { filled, implied, only, required, type AttrInputs, type AttrRules } from './attributes.js';
import { nchw } from './expect.js';
import { settlePads } from './conv-shape.js';
import type { Attrs, Shape, TensorType } from '../ir/index.js';

/** Attributes of a two-dimensional pooling window. */
export interface PoolAttrs {
  readonly kernel_shape: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Rows above, columns left, rows below, columns right. */
  readonly pads: readonly [number, number, number, number];
  /** Distance of a window's pixels; default [1, 1]. */
  readonly dilations?: readonly [number, number];
  /**
   * 1 rounds sizes up, as PyTorch does: a last window may reach beyond the padding, but does not start there. Default 0.
   * A graph has it only where wider pads would not mean the same.
   */
  readonly ceil_mode?: 0 | 1;
}

/** The rules of the attributes that both poolings share. */
export const poolRules: AttrRules = {
  kernel_shape: required(),
  strides: filled([1, 1]),
  pads: filled([0, 0, 0, 0]),
  auto_pad: only('NOTSET'),
  ceil_mode: implied(0, { among: [0, 1] }),
};

/** The same window with auto_pad as pads, and with sizes rounded down where wider pads give the same result. */
export function settlePool(op: string, attrs: Attrs, inputs: AttrInputs): Attrs {
  const [x] = inputs;
  if (x === undefined || attrs['kernel_shape'] === undefined) return attrs;
  const settled = settlePads(op, attrs, x, attrs['kernel_shape'] as readonly number[]);
  const { ceil_mode: ceil, ...rest } = settled;
  if (ceil !== 1) return settled;
  const window = { strides: [1, 1], pads: [0, 0, 0, 0], ...rest, ceil_mode: 1 } as unknown as PoolAttrs;
  const pads = coveredPads(op, x, window);
  const { kernel_shape: kernel } = window;
  // ONNX Runtime accepts only pads smaller than the kernel, and padding that counts differs from none.
  const isSame =
    pads.join() === window.pads.join() ||
    (rest['count_include_pad'] !== 1 && pads.every((pad, side) => pad < (kernel[side % 2] ?? 0)));
  return isSame ? { ...rest, pads } : settled;
}

/** Shape of a pooling's output: x [N,C,H,W] -> [N,C,OH,OW]. Throws ShapeError for a window without a pixel. */
export function pooledShape(op: string, x: TensorType, attrs: PoolAttrs): Shape {
  const [n, c, h, w] = nchw(op, x);
  // A window that lies in the padding alone has no maximum and, without the padding, no mean.
  const [kh, kw] = attrs.kernel_shape;
  if (attrs.pads.some((pad, side) => pad >= (side % 2 === 0 ? kh : kw))) {
    throw new ShapeError(
      `${op}: expected pads smaller than the kernel ${kh}x${kw}, got [${attrs.pads.join(',')}]`,
    );
  }
  return [n, c, pooledLength(op, h, 0, attrs), pooledLength(op, w, 1, attrs)];
}

/** How many windows there are along an axis. */
function pooledLength(op: string, size: number, axis: 0 | 1, attrs: PoolAttrs): number {
  const { kernel_shape, strides, pads, dilations = [1, 1], ceil_mode: ceil = 0 } = attrs;
  const [kernel, stride, dilation] = [kernel_shape[axis], strides[axis], dilations[axis]];
  const [before, after] = [pads[axis], pads[axis === 0 ? 2 : 3]];
  const along = axis === 0 ? 'height' : 'width';
  if (stride < 1 || dilation < 1 || kernel < 1 || before < 0 || after < 0) {
    throw new ShapeError(
      `${op}: expected a kernel, a stride and a dilation of at least 1 and pads of at least 0, got ${kernel}, ${stride}, ${dilation} and ${before}, ${after}`,
    );
  }
  const span = (kernel - 1) * dilation + 1;
  const rest = size + before + after - span;
  // Rounded up, a window may exceed the padded image by less than a stride.
  if (rest < 0 && (ceil === 0 || rest <= -stride)) {
    throw new ShapeError(
      `${op}: a window of ${span} pixels does not fit into ${rest + span} (${size} and its padding) along ${along}`,
    );
  }
  const rounded = ceil === 1 ? Math.ceil(rest / stride) : Math.floor(rest / stride);
  const count = ceil === 1 && rounded * stride >= size + before ? rounded : rounded + 1;
  // Without dilation, pads smaller than the kernel leave none empty.
  for (let i = 0; dilation > 1 && i < count; i++) {
    const start = i * stride - before;
    const first = start < 0 ? start + Math.ceil(-start / dilation) * dilation : start;
    if (first >= Math.min(size, start + span)) {
      throw new ShapeError(`${op}: window ${i} along ${along} sees no pixel of ${size}, only padding`);
    }
  }
  return count;
}

/** The pads with which the windows, rounded down, are those of `attrs`: as far as the last one reaches. */
export function coveredPads(op: string, x: TensorType, attrs: PoolAttrs): PoolAttrs['pads'] {
  const [, , h, w] = nchw(op, x);
  const { kernel_shape, strides, pads, dilations = [1, 1] } = attrs;
  const after = (size: number, axis: 0 | 1): number => {
    const last = (pooledLength(op, size, axis, attrs) - 1) * strides[axis];
    const reach = last + (kernel_shape[axis] - 1) * dilations[axis] + 1;
    return Math.max(pads[axis === 0 ? 2 : 3], reach - size - pads[axis]);
  };
  return [pads[0], pads[1], after(h, 0), after(w, 1)];
}

/** Whether no pixel lies in two windows. */
export function isDisjoint({ kernel_shape, strides, dilations = [1, 1] }: PoolAttrs): boolean {
  return [0, 1].every(
    (axis) => ((kernel_shape[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1 <= (strides[axis] ?? 1),
  );
}

/** Whether the windows lie side by side, without padding and without gaps in them. */
export function isTiling({ kernel_shape: k, strides: s, pads, dilations }: PoolAttrs): boolean {
  return k[0] === s[0] && k[1] === s[1] && pads.every((p) => p === 0) && isDense({ dilations });
}

/** Whether a window's pixels are neighbours. */
export function isDense({ dilations }: { readonly dilations?: PoolAttrs['dilations'] | undefined }): boolean {
  return dilations?.every((d) => d === 1) ?? true;
}
