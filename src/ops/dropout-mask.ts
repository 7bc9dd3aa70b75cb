import { ShapeError } from '../errors.js';
import { formatType, type Value } from '../ir/index.js';
import { required } from './attributes.js';
import { defineOp } from './define.js';
import { expectDType } from './expect.js';
import type { DropoutAttrs, Emitter } from './emitter.js';

/** The golden ratio's odd multiplier, which spreads neighbours. */
const golden = 0x9e3779b1 | 0;

/**
 * Mask of inverted dropout, of x's shape: 0 with probability `ratio`, else 1 / (1 - ratio). (x, step: int32 scalar) ->
 * mask. A pure function of seed, step and position, so that it is the same on every execution provider and after a
 * resumed run; ONNX's Dropout keeps a hidden generator instead, which neither survives a restart nor runs on WebGPU.
 *
 * In int32, wrapping, with position i: m(i golden + m(step golden + seed)). m mixes with the permutation h (2h + 1) of
 * RC6, whose high bits depend on all bits, and brings those down by h += h / 2^16; not every provider has ONNX's xor.
 * Sources: https://jmlr.org/papers/v15/srivastava14a.html, https://people.csail.mit.edu/rivest/pubs/RRSY98.pdf
 */
export const dropoutMask = defineOp<2, DropoutAttrs>({
  name: 'DropoutMask',
  source: 'https://jmlr.org/papers/v15/srivastava14a.html',
  arity: 2,
  attributes: { ratio: required(), seed: required() },
  infer([x, step], { ratio }) {
    expectDType('DropoutMask', step, 'int32');
    if (step.shape.length !== 0) {
      throw new ShapeError(`DropoutMask: expected a scalar step, got ${formatType(step)}`);
    }
    if (!(ratio >= 0 && ratio < 1)) {
      throw new ShapeError(`DropoutMask: expected a ratio in [0, 1), got ${ratio}`);
    }
    return x.shape;
  },
  gradient: { none: 'a mask is piecewise constant' },
  expand({ b, x: [x, step], attrs: { ratio, seed } }) {
    const key = mix(b, b.add(b.mul(step, golden), seed), 'key');
    const hash = mix(b, b.add(b.mul(positions(b, x), golden), key), 'hash');
    // Uniform in [-2^31, 2^31).
    const threshold = Math.round(ratio * 2 ** 32) - 2 ** 31;
    return [b.where(b.less(hash, threshold), 0, 1 / (1 - ratio), 'mask')];
  },
});

function mix(b: Emitter, h: Value, name: string): Value {
  const permuted = (v: Value, wish?: string): Value => b.mul(v, b.add(b.mul(v, 2), 1), wish);
  const folded = (v: Value): Value => b.add(v, b.div(v, 2 ** 16));
  return permuted(folded(permuted(folded(permuted(h)))), name);
}

/** Row-major position of each element, int32, of a shape that broadcasts to x's. */
function positions(b: Emitter, x: Value): Value {
  let stride = 1;
  let sum: Value | undefined;
  for (let axis = x.shape.length - 1; axis >= 0; axis--) {
    const along = b.reshape(
      b.mul(b.positions(x, axis), stride),
      x.shape.slice(axis).map((dim, i) => (i === 0 ? dim : 1)),
    );
    sum = sum === undefined ? along : b.add(sum, along);
    // Only the outermost dimension, the batch, may be symbolic: its own length is never a stride.
    if (axis > 0) stride *= Number(x.shape[axis]);
  }
  return sum ?? b.scalar(0, 'int32');
}
