import { ShapeError } from '../errors.js';
import type { Attrs, TensorType } from '../ir/index.js';
import { filled, only, refuseAttr, type AttrInputs, type AttrRules } from './attributes.js';
import { nchw } from './expect.js';

/** Attributes of a two-dimensional convolution. */
export interface ConvAttrs {
  /** Kernel height and width. */
  readonly kernel_shape: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Rows above, columns left, rows below, columns right. */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
  readonly group: number;
}

/** A convolution's attributes; `output_padding` adds rows and columns at the end. */
export interface ConvTransposeAttrs extends ConvAttrs {
  readonly output_padding: readonly [number, number];
}

/** The rules of the attributes that convolutions share. */
export const convRules: AttrRules = {
  // As long as the weight's.
  kernel_shape: filled(([, w]) => w?.shape.slice(2)),
  strides: filled([1, 1]),
  pads: filled([0, 0, 0, 0]),
  dilations: filled([1, 1]),
  group: filled(1),
  auto_pad: only('NOTSET'),
};

/** A convolution's attributes with auto_pad as pads. */
export function settleConv(op: string, attrs: Attrs, [x, w]: AttrInputs): Attrs {
  const kernel = (attrs['kernel_shape'] ?? w?.shape.slice(2)) as readonly number[] | undefined;
  return x === undefined || kernel === undefined ? attrs : settlePads(op, attrs, x, kernel);
}

/**
 * auto_pad as pads: VALID has none; SAME_UPPER and SAME_LOWER have as many as give ceil(size / stride) windows, an odd
 * one after the image or before it.
 */
export function settlePads(op: string, attrs: Attrs, x: TensorType, kernel: readonly number[]): Attrs {
  const { auto_pad: auto, ...rest } = attrs;
  if (auto === undefined || auto === 'NOTSET') return rest;
  const pads = rest['pads'] as readonly number[] | undefined;
  if (pads?.some((pad) => pad !== 0) === true) refuseAttr(op, 'auto_pad', 'NOTSET beside pads', auto);
  if (auto === 'VALID') return { ...rest, pads: [0, 0, 0, 0] };
  const isLower = auto === 'SAME_LOWER';
  if (!isLower && auto !== 'SAME_UPPER') {
    refuseAttr(op, 'auto_pad', 'NOTSET, VALID, SAME_UPPER or SAME_LOWER', auto);
  }
  const dilations = (rest['dilations'] ?? [1, 1]) as readonly number[];
  // ONNX does not say whether the window counts with its gaps, and ONNX Runtime refuses it.
  if (dilations.some((dilation) => dilation !== 1)) {
    refuseAttr(op, 'auto_pad', 'NOTSET or VALID beside dilations', auto);
  }
  const [, , h, w] = nchw(op, x);
  const strides = (rest['strides'] ?? [1, 1]) as readonly number[];
  const around = [h, w].map((size, axis): readonly [number, number] => {
    const stride = strides[axis] ?? 1;
    const span = kernel[axis] ?? 1;
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + span - size, 0);
    const before = isLower ? Math.ceil(total / 2) : Math.floor(total / 2);
    return [before, total - before];
  });
  return { ...rest, pads: [...around.map(([before]) => before), ...around.map(([, after]) => after)] };
}

/** Pixels after a window of `kernel` (dilated) slides over `size` pixels; floor, as PyTorch and ONNX do by default. */
export function windowCount(
  op: string,
  size: number,
  axis: 0 | 1,
  { kernel_shape, strides, pads, dilations }: Omit<ConvAttrs, 'group'>,
): number {
  const [stride, dilation, before, after] = [
    strides[axis],
    dilations[axis],
    pads[axis],
    pads[axis === 0 ? 2 : 3],
  ];
  if (stride < 1 || dilation < 1 || before < 0 || after < 0) {
    throw new ShapeError(
      `${op}: expected a stride and a dilation of at least 1 and pads of at least 0, got ${stride}, ${dilation} and ${before}, ${after}`,
    );
  }
  const span = (kernel_shape[axis] - 1) * dilation + 1;
  const padded = size + before + after;
  if (span > padded) {
    throw new ShapeError(
      `${op}: a window of ${span} pixels does not fit into ${padded} (${size} and its padding) along ${axis === 0 ? 'height' : 'width'}`,
    );
  }
  return Math.floor((padded - span) / stride) + 1;
}
