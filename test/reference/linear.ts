import { at, element, generate, type NdArray } from './array.js';
import { broadcast } from './elementwise.js';
import { input, intAttr, type Kernel } from './kernel.js';

/** Matrix product over the last two axes; those before them broadcast. */
function matMul(a: NdArray, b: NdArray): NdArray {
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const zerosOf = (shape: readonly number[]): NdArray => generate(shape, () => 0);
  const batch = broadcast(() => 0, zerosOf(batchA), zerosOf(batchB)).shape;
  const [m, k, n] = [
    at(a.shape, a.shape.length - 2),
    at(a.shape, a.shape.length - 1),
    at(b.shape, b.shape.length - 1),
  ];
  const within = (shape: readonly number[], index: readonly number[]): number[] =>
    shape.map((length, i) => (length === 1 ? 0 : at(index, i + batch.length - shape.length)));
  return generate([...batch, m, n], (index) => {
    const [row, column] = [at(index, batch.length), at(index, batch.length + 1)];
    const [ia, ib] = [within(batchA, index), within(batchB, index)];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += element(a, [...ia, row, i]) * element(b, [...ib, i, column]);
    return sum;
  });
}

const gemm: Kernel = (context) => {
  const turned = (x: NdArray, turn: boolean): NdArray =>
    turn
      ? generate([at(x.shape, 1), at(x.shape, 0)], (index) => element(x, [at(index, 1), at(index, 0)]))
      : x;
  const a = turned(input(context, 0), intAttr(context, 'transA') === 1);
  const b = turned(input(context, 1), intAttr(context, 'transB') === 1);
  const factor = (name: string): number =>
    context.attrs[name] === undefined ? 1 : Number(context.attrs[name]);
  const product = matMul(a, b);
  const y = { ...product, data: product.data.map((value) => factor('alpha') * value) };
  if (context.inputs[2] === undefined) return [y];
  return [broadcast((v) => at(v, 0) + factor('beta') * at(v, 1), y, input(context, 2))];
};

export const linear: Readonly<Record<string, Kernel>> = {
  MatMul: (context) => [matMul(input(context, 0), input(context, 1))],
  Gemm: gemm,
};
