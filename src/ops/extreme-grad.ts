import type { Value } from '../ir/index.js';
import type { Emitter } from './emitter.js';

/**
 * Gradient of the largest or the smallest of several operands: those that have it share dy evenly, which is half each for
 * two, as in PyTorch. `isAbove` says where it is the first of two operands.
 */
export function extremeGradient(
  b: Emitter,
  operands: readonly Value[],
  y: Value,
  dy: Value,
  isAbove: (u: Value, v: Value) => Value,
): readonly Value[] {
  const [u, v] = operands;
  if (u === undefined || v === undefined) return [dy];
  if (operands.length === 2) {
    const half = b.mul(b.cast(b.equal(u, v), dy.dtype), 0.5);
    const share = b.add(b.cast(isAbove(u, v), dy.dtype), half);
    return [b.mul(dy, share), b.mul(dy, b.sub(1, share))];
  }
  const masks = operands.map((operand) => b.cast(b.equal(operand, y), dy.dtype));
  const share = b.div(
    dy,
    masks.reduce((sum, mask) => b.add(sum, mask)),
  );
  return masks.map((mask) => b.mul(share, mask));
}
