import { ShapeError } from '../errors.js';

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
