import { ops } from '../../../src/ops/index.js';
import type { GradientCase } from '../check.js';
import { binaryCase, value } from './make.js';

const flags = [false, true];

/** Gemm's four transposes, each with every shape of c and with none. */
const gemmCases = flags.flatMap((transA) =>
  flags.flatMap((transB) =>
    [undefined, ['N', 3], [3], ['N', 1], [1, 3], [1], []].map((c): GradientCase => {
      const name = `Gemm${transA ? ', A transposed' : ''}${transB ? ', B transposed' : ''}, c ${c === undefined ? 'absent' : `[${c.join(',')}]`}`;
      const inputs = {
        a: { shape: transA ? [4, 'N'] : ['N', 4] },
        b: { shape: transB ? [3, 4] : [4, 3] },
      };
      return {
        name,
        inputs: c === undefined ? inputs : { ...inputs, c: { shape: c } },
        build: (b, x) => b.gemm(value(x, 'a'), value(x, 'b'), x['c'], { transA, transB }),
      };
    }),
  ),
);

export const linearCases: readonly GradientCase[] = [
  ...gemmCases,
  ...flags.flatMap((transA) =>
    [{ alpha: 0.5, beta: -2 }, { alpha: 1.25 }, { beta: 0.75 }, { alpha: 0, beta: 3 }].map(
      (factors): GradientCase => ({
        name: `Gemm with ${Object.entries(factors).join(' and ')}${transA ? ', A transposed' : ''}`,
        inputs: { a: { shape: transA ? [4, 'N'] : ['N', 4] }, b: { shape: [3, 4] }, c: { shape: [3] } },
        build: (b, x) =>
          b.emit(ops.Gemm, [x['a'], x['b'], x['c']], { transA: transA ? 1 : 0, transB: 1, ...factors }),
      }),
    ),
  ),
  binaryCase('Gemm that contracts the batch', { shape: ['N', 2] }, { shape: ['N', 3] }, (b, u, v) =>
    b.gemm(u, v, undefined, { transA: true }),
  ),
  binaryCase('MatMul of matrices', { shape: ['N', 4] }, { shape: [4, 3] }, (b, u, v) => b.matMul(u, v)),
  binaryCase('MatMul of batches', { shape: ['N', 2, 4] }, { shape: ['N', 4, 3] }, (b, u, v) =>
    b.matMul(u, v),
  ),
  binaryCase('MatMul, the right side broadcasts', { shape: ['N', 2, 4] }, { shape: [4, 3] }, (b, u, v) =>
    b.matMul(u, v),
  ),
  binaryCase('MatMul, the left side broadcasts', { shape: [2, 4] }, { shape: ['N', 4, 3] }, (b, u, v) =>
    b.matMul(u, v),
  ),
  binaryCase('MatMul, both sides broadcast', { shape: ['N', 1, 2, 2] }, { shape: [1, 3, 2, 2] }, (b, u, v) =>
    b.matMul(u, v),
  ),
];
