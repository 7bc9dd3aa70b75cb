import { ShapeError } from '../errors.js';
import { formatShape, formatType, isStatic, staticSize, type TensorType, type Value } from '../ir/index.js';
import { sameDType } from './expect.js';
import type { Emitter } from './emitter.js';

/** Number of channels of x [N,C,...]; throws unless every other operand is [C] of x's dtype. */
export function channelsOf(op: string, x: TensorType, ...perChannel: readonly TensorType[]): number {
  sameDType(op, x, ...perChannel);
  const [, channels] = x.shape;
  if (typeof channels !== 'number') {
    throw new ShapeError(`${op}: expected [N,C,...] with a number for C, got ${formatType(x)}`);
  }
  for (const type of perChannel) {
    if (type.shape.length !== 1 || type.shape[0] !== channels) {
      throw new ShapeError(`${op} of ${formatType(x)}: expected [${channels}], got ${formatType(type)}`);
    }
  }
  return channels;
}

/** Throws for statistics of one value a channel: its variance is 0, its unbiased variance 0 / 0. PyTorch does too. */
export function expectManyValues(op: string, x: TensorType): void {
  const counted = x.shape.filter((_, axis) => axis !== 1);
  if (isStatic(counted) && staticSize(counted) === 1) {
    throw new ShapeError(
      `${op}: expected more than 1 value per channel when training, got input size ${formatShape(x.shape)}; use a larger batch or image`,
    );
  }
}

/** All axes but the channels'. */
export function statisticsAxes(x: TensorType): number[] {
  return x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
}

/** [C] -> [1,C,1,...], which broadcasts against x. */
export function alongChannels(b: Emitter, vector: Value, x: TensorType): Value {
  return b.reshape(
    vector,
    x.shape.map((_, axis) => (axis === 1 ? (vector.shape[0] ?? 1) : 1)),
  );
}
