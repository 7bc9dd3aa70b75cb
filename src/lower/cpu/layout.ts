import { dims4 } from '../rewrite/dims.js';
import type { Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import { roundUp } from '../layout/weight-layout.js';
import { reorderInput, reorderOutput } from './blocked-ops.js';

/**
 * [N,C,H,W] -> blocked [N,C',H,W]; single pixels lie in memory as they did. ReorderInput knows float32 alone: conditions
 * and whole numbers are transposed.
 */
export function blockedFromPlain(b: Builder, x: Value, block: number): Value {
  const [n, c, h, w] = dims4(x);
  const wide = roundUp(c, block);
  const padded = b.pad(x, [0, 0, 0, 0, 0, wide - c, 0, 0]);
  if (h * w === 1) return padded;
  if (x.dtype === 'float32') return b.emit(reorderInput, [padded], { channels_last: 0 }, 'blocked');
  const split = b.reshape(padded, [n, wide / block, block, h * w]);
  return b.reshape(b.transpose(split, [0, 1, 3, 2], 'blocked'), [n, wide, h, w]);
}

/** Blocked [N,C',H,W] -> [N,channels,H,W]. */
export function plainFromBlocked(b: Builder, x: Value, channels: number, block: number): Value {
  const [n, c, h, w] = dims4(x);
  if (h * w === 1 && c === channels) return x;
  if (x.dtype === 'float32') {
    return b.emit(reorderOutput, [x], { channels, channels_last: 0 }, 'plain');
  }
  const split = b.reshape(x, [n, c / block, h * w, block]);
  const whole = b.reshape(b.transpose(split, [0, 1, 3, 2], 'plain'), [n, c, h, w]);
  return c === channels ? whole : b.slice(whole, { axes: [1], starts: [0], ends: [channels] });
}

/** [p, q, rest] -> [q, p, rest]; costs nothing where one of them is 1. */
export function swapOuter(b: Builder, x: Value, p: number, q: number, shape: readonly number[]): Value {
  if (p === 1 || q === 1) return b.reshape(x, shape);
  const rest = shape.reduce((product, dim) => product * dim, 1) / (p * q);
  return b.reshape(b.transpose(b.reshape(x, [p, q, rest]), [1, 0, 2]), shape);
}
