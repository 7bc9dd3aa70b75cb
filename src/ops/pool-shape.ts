import { ShapeError } from '../errors.js';
import { nchw } from './define.js';
import { windowCount } from './conv-shape.js';
import type { Shape, TensorType } from '../ir/index.js';

/** Attributes of a two-dimensional pooling window. */
export interface PoolAttrs {
  readonly kernel_shape: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Rows above, columns left, rows below, columns right. */
  readonly pads: readonly [number, number, number, number];
}

/** Shape of a pooling's output: x [N,C,H,W] -> [N,C,OH,OW], rounded down. */
export function pooledShape(op: string, x: TensorType, attrs: PoolAttrs): Shape {
  const [n, c, h, w] = nchw(op, x);
  // A window that lies in the padding alone has no maximum and, without the padding, no mean.
  const [kh, kw] = attrs.kernel_shape;
  if (attrs.pads.some((pad, side) => pad >= (side % 2 === 0 ? kh : kw))) {
    throw new ShapeError(
      `${op}: expected pads smaller than the kernel ${kh}x${kw}, got [${attrs.pads.join(',')}]`,
    );
  }
  const window = { ...attrs, dilations: [1, 1] as const };
  return [n, c, windowCount(op, h, 0, window), windowCount(op, w, 1, window)];
}

/** Whether no pixel lies in two windows. */
export function isDisjoint({ kernel_shape, strides }: PoolAttrs): boolean {
  return kernel_shape[0] <= strides[0] && kernel_shape[1] <= strides[1];
}
