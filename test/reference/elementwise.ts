import { at, element, generate, type NdArray } from './array.js';
import { input, type Kernel } from './kernel.js';

/**
 * The error function by its all-positive series, erf(x) = 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!!, which loses
 * no digits to cancellation. From |x| = 6 on it is 1 in float64.
 */
export function erf(x: number): number {
  if (Math.abs(x) >= 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Applies `f` to operands that broadcast: trailing axes align, a length of 1 repeats. */
export function broadcast(
  f: (values: readonly number[]) => number,
  ...operands: readonly NdArray[]
): NdArray {
  const rank = Math.max(...operands.map(({ shape }) => shape.length));
  const shape = Array.from({ length: rank }, (_, i) => {
    const lengths = operands.map((x) => x.shape[i - rank + x.shape.length] ?? 1);
    const long = lengths.find((length) => length !== 1) ?? 1;
    if (lengths.some((length) => length !== 1 && length !== long)) {
      throw new RangeError(`reference: lengths ${lengths.join(' and ')} do not broadcast`);
    }
    return long;
  });
  return generate(shape, (index) =>
    f(
      operands.map((x) => {
        const own = index.slice(rank - x.shape.length);
        return element(
          x,
          own.map((i, axis) => (at(x.shape, axis) === 1 ? 0 : i)),
        );
      }),
    ),
  );
}

const unary =
  (f: (x: number) => number): Kernel =>
  (context) => {
    const x = input(context, 0);
    return [{ shape: x.shape, data: x.data.map(f) }];
  };

const binary =
  (f: (a: number, b: number) => number): Kernel =>
  (context) => [broadcast((v) => f(at(v, 0), at(v, 1)), input(context, 0), input(context, 1))];

const every =
  (f: (values: readonly number[]) => number): Kernel =>
  (context) => [broadcast(f, ...context.inputs.map((_, i) => input(context, i)))];

/** float32 and float64 are both float64 here, so a cast between them changes nothing. */
const cast: Kernel = (context) => {
  const x = input(context, 0);
  const to = context.attrs['to'];
  if (to === 'float32' || to === 'float64') return [x];
  if (to === 'bool') return [{ shape: x.shape, data: x.data.map((v) => (v === 0 ? 0 : 1)) }];
  return [{ shape: x.shape, data: x.data.map(Math.trunc) }];
};

export const elementwise: Readonly<Record<string, Kernel>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Pow: binary((a, b) => a ** b),
  Max: every((values) => Math.max(...values)),
  Min: every((values) => Math.min(...values)),
  Equal: binary((a, b) => (a === b ? 1 : 0)),
  Greater: binary((a, b) => (a > b ? 1 : 0)),
  Less: binary((a, b) => (a < b ? 1 : 0)),
  Where: (context) => [
    broadcast((v) => at(v, at(v, 0) === 0 ? 2 : 1), input(context, 0), input(context, 1), input(context, 2)),
  ],

  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Erf: unary(erf),
  Relu: unary((x) => Math.max(x, 0)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Tanh: unary(Math.tanh),
  Identity: unary((x) => x),
  Cast: cast,
};
