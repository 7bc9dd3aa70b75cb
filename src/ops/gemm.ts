import { ShapeError } from '../errors.js';
import { broadcastShapes, formatType, sameShape } from '../ir/index.js';
import { filled, implied } from './attributes.js';
import { defineOp } from './define.js';
import { sameDType } from './expect.js';

/** Which operands are transposed, 0 or 1. */
export interface GemmAttrs {
  readonly transA: 0 | 1;
  readonly transB: 0 | 1;
  /** Factor of the product; default 1. */
  readonly alpha?: number;
  /** Factor of c; default 1. */
  readonly beta?: number;
}

/** y = alpha A' B' + beta c for matrices, with A' = A or its transpose. A linear layer is Gemm with transB. */
export const gemm = defineOp<'2..3', GemmAttrs>({
  name: 'Gemm',
  arity: '2..3',
  attributes: {
    transA: filled(0, { among: [0, 1] }),
    transB: filled(0, { among: [0, 1] }),
    alpha: implied(1, { float: true }),
    beta: implied(1, { float: true }),
  },
  infer([a, b, c], { transA, transB }) {
    sameDType('Gemm', a, b, c);
    const [m, k] = transA === 1 ? a.shape.toReversed() : a.shape;
    const [k2, n] = transB === 1 ? b.shape.toReversed() : b.shape;
    const isMatrix = a.shape.length === 2 && b.shape.length === 2;
    if (!isMatrix || m === undefined || k === undefined || n === undefined || k !== k2) {
      throw new ShapeError(
        `Gemm(transA=${transA}, transB=${transB}): ${formatType(a)} and ${formatType(b)} do not fit`,
      );
    }
    if (c !== undefined && !sameShape(broadcastShapes(c.shape, [m, n], 'Gemm'), [m, n])) {
      throw new ShapeError(`Gemm: expected c to broadcast to [${m},${n}], got ${formatType(c)}`);
    }
    return [m, n];
  },
  // With no transpose: dA = dy B^T, dB = A^T dy; the other cases follow by transposing both sides.
  gradient({ b, x: [u, v, c], dy: whole, attrs }) {
    const { transA, transB, alpha = 1, beta = 1 } = attrs;
    const dy = alpha === 1 ? whole : b.mul(whole, alpha);
    const [ta, tb] = [transA === 1, transB === 1];
    const du = ta
      ? b.gemm(v, dy, undefined, { transA: tb, transB: true })
      : b.gemm(dy, v, undefined, { transB: !tb });
    const dv = tb
      ? b.gemm(dy, u, undefined, { transA: true, transB: ta })
      : b.gemm(u, dy, undefined, { transA: !ta });
    return [du, dv, c === undefined ? undefined : beta === 1 ? whole : b.mul(whole, beta)];
  },
});
