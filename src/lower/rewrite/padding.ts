/** An operand of an elementwise operator, as what fills up blocks sees it. */
interface PaddingOperand {
  /** Whether it is one number for all elements. */
  readonly isScalar: boolean;
  /** That number, or what fills up the vector; undefined where it is not known. */
  readonly number: number | undefined;
}

const functions: Readonly<Record<string, (x: number, y: number, z: number) => number>> = {
  Abs: Math.abs,
  Add: (x, y) => x + y,
  Cast: (x) => x,
  Div: (x, y) => x / y,
  Equal: (x, y) => Number(x === y),
  Greater: (x, y) => Number(x > y),
  Identity: (x) => x,
  Less: (x, y) => Number(x < y),
  Max: (x, y) => Math.max(x, y),
  Min: (x, y) => Math.min(x, y),
  Mul: (x, y) => x * y,
  Neg: (x) => -x,
  Pow: (x, y) => x ** y,
  Relu: (x) => Math.max(x, 0),
  Sign: Math.sign,
  Sqrt: Math.sqrt,
  Sub: (x, y) => x - y,
  Tanh: Math.tanh,
  Where: (x, y, z) => (x === 0 ? z : y),
};

/**
 * What an elementwise operator makes of the numbers that fill up blocks: zero stays zero in Adam's step, for 0 / (0 + eps) is.
 * Undefined where it is not known, not finite, or not worth knowing. A scalar that is not known makes zero of zero.
 */
export function paddingOf(op: string, operands: readonly PaddingOperand[]): number | undefined {
  const [x, y, z] = operands;
  const isZero = (operand: PaddingOperand | undefined): boolean => operand?.number === 0;
  if (op === 'Mul' && ((isZero(x) && y?.isScalar === true) || (isZero(y) && x?.isScalar === true))) return 0;
  if (op === 'Div' && isZero(x) && y?.isScalar === true && y.number === undefined) return 0;
  const make = functions[op];
  if (make === undefined || operands.length > 3 || operands.some(({ number }) => number === undefined)) {
    return undefined;
  }
  const made = make(x?.number ?? NaN, y?.number ?? NaN, z?.number ?? NaN);
  return Number.isFinite(made) ? made : undefined;
}
