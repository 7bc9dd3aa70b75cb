import { product, type NdArray } from '../reference/array.js';
import { kernels } from '../reference/evaluate.js';
import { input, type Kernel } from '../reference/kernel.js';

/** `f` of each element of operands that have one shape or one element; undefined for others, which broadcast. */
function alike(
  f: (a: number, b: number, c: number) => number,
  operands: readonly NdArray[],
): NdArray | undefined {
  const whole = operands.find(({ data }) => data.length > 1);
  if (whole === undefined) return undefined;
  const fits = ({ shape }: NdArray): boolean =>
    shape.join() === whole.shape.join() || (product(shape) === 1 && shape.length <= whole.shape.length);
  if (!operands.every(fits)) return undefined;
  const [a = whole, b = whole, c = whole] = operands;
  const [stepA, stepB, stepC] = [a, b, c].map(({ data }) => (data.length > 1 ? 1 : 0));
  const [dataA, dataB, dataC] = [a.data, b.data, c.data];
  const data = new Float64Array(whole.data.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = f(
      dataA[i * (stepA ?? 0)] as number,
      dataB[i * (stepB ?? 0)] as number,
      dataC[i * (stepC ?? 0)] as number,
    );
  }
  return { shape: whole.shape, data };
}

/** The kernel for operands that need no broadcasting, the reference's for the rest. */
function fast(name: string, f: (a: number, b: number, c: number) => number): Kernel {
  return (context) => {
    const result = alike(
      f,
      context.inputs.map((_, i) => input(context, i)),
    );
    if (result !== undefined) return [result];
    const plain = kernels[name];
    if (plain === undefined) throw new TypeError(`no kernel for ${name}`);
    return plain(context);
  };
}

export const fastElementwise: Readonly<Record<string, Kernel>> = {
  Add: fast('Add', (a, b) => a + b),
  Greater: fast('Greater', (a, b) => (a > b ? 1 : 0)),
  Where: fast('Where', (condition, a, b) => (condition === 0 ? b : a)),
};
