import { tensorOf, type Value } from '../../ir/index.js';
import { dims4 } from '../rewrite/dims.js';
import type { Forms } from './forms.js';
import { range } from '../rewrite/range.js';

/**
 * Sum along the middle axis, [A,R,B] -> [A,B], in steps: ONNX Runtime adds fewer than 32 numbers in one thread each where
 * that makes more than 1024 sums. Otherwise it first turns the axis inwards and adds in memory that a work group shares: 2 to
 * 50 times as long on a software adapter, and in a single work group for a single sum. With a single A, times `share`.
 */
export function sumMiddle(f: Forms, x: Value, name: string, share = 1): Value {
  const { b } = f;
  const [a = 1, r = 1, inner = 1] = x.shape.map(Number);
  let rest = r;
  let sums = x;
  for (let parts = partsOf(a, rest, inner); parts !== undefined; parts = partsOf(a, rest, inner)) {
    rest /= parts;
    sums = b.reduceSum(b.reshape(sums, [a, parts, rest * inner]), [1], false, name);
    sums = b.reshape(sums, [a, rest, inner]);
  }
  if (rest === 1 && share === 1) return b.reshape(sums, [a, inner]);
  if (a > 1) return b.reduceSum(sums, [1], false, name);
  // One thread adds all that is left: in two steps, so that many of one sign do not lose digits.
  const part = rest > 32 ? range(8, 16, -1).find((each) => rest % each === 0) : undefined;
  if (part !== undefined) {
    rest /= part;
    sums = b.gemm(filled(f, [1, part]), b.reshape(sums, [part, rest * inner]), undefined, {}, name);
  }
  return b.gemm(filled(f, [1, rest], share), b.reshape(sums, [rest, inner]), undefined, {}, name);
}

/** Sum along the last axis, [A,R] -> [A], R a product of numbers below 8: MatMul computes so few numbers in one thread each. */
export function sumLast(f: Forms, x: Value, name: string): Value {
  const { b } = f;
  const [a = 1, r = 1] = x.shape.map(Number);
  const part = smallFactors(r)?.[0];
  if (part === undefined) return b.reshape(x, [a]);
  const sums = b.matMul(b.reshape(x, [(a * r) / part, part]), filled(f, [part, 1]), name);
  return sumLast(f, b.reshape(sums, [a, r / part]), name);
}

/** The numbers below 8 that a number is the product of, the largest first; undefined where there are none. */
export function smallFactors(n: number): readonly number[] | undefined {
  if (n === 1) return [];
  const factor = range(6, 7, -1).find((each) => n % each === 0);
  const rest = factor === undefined ? undefined : smallFactors(n / factor);
  return factor === undefined || rest === undefined ? undefined : [factor, ...rest];
}

function filled(f: Forms, shape: readonly number[], value = 1): Value {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return f.constant(
    `${value} in ${shape.join()}`,
    () => tensorOf('float32', shape, Array<number>(size).fill(value)),
    'weights',
  );
}

/** Sum over the batch and the pixels of an image [N,H,W,C]: [C]. */
export function channelSum(f: Forms, x: Value, share = 1): Value {
  const [n, h, w, c] = dims4(x);
  return f.b.reshape(sumMiddle(f, f.b.reshape(x, [1, n * h * w, c]), 'channel_sum', share), [c]);
}

/** Mean over the batch and the pixels of an image [N,H,W,C]: [C]. */
export function channelMean(f: Forms, x: Value): Value {
  const [n, h, w] = dims4(x);
  return channelSum(f, x, 1 / (n * h * w));
}

/** Sum over the pixels of each image [N,H,W,C]: [N,C]. */
export function pixelSum(f: Forms, x: Value): Value {
  const [n, h, w, c] = dims4(x);
  return sumMiddle(f, f.b.reshape(x, [n, h * w, c]), 'pixel_sum');
}

function partsOf(a: number, r: number, inner: number): number | undefined {
  return range(30, 31, -1).find((parts) => r % parts === 0 && a * (r / parts) * inner > 1024);
}
