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
  const window = { ...attrs, dilations: [1, 1] as const };
  return [n, c, windowCount(op, h, 0, window), windowCount(op, w, 1, window)];
}

/** Whether no pixel lies in two windows. */
export function isDisjoint({ kernel_shape, strides }: PoolAttrs): boolean {
  return kernel_shape[0] <= strides[0] && kernel_shape[1] <= strides[1];
}
