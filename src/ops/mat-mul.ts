import { ShapeError } from '../errors.js';
import { broadcastShapes, formatType } from '../ir/index.js';
import { defineOp } from './define.js';
import { sameDType } from './expect.js';

/** y = a b over the last two axes; the axes before them broadcast. */
export const matMul = defineOp<2>({
  name: 'MatMul',
  arity: 2,
  attributes: {},
  infer([a, b]) {
    sameDType('MatMul', a, b);
    const [m, k] = a.shape.slice(-2);
    const [k2, n] = b.shape.slice(-2);
    if (m === undefined || k === undefined || n === undefined || k !== k2) {
      throw new ShapeError(`MatMul: ${formatType(a)} and ${formatType(b)} do not fit`);
    }
    return [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'MatMul'), m, n];
  },
  // da = dy b^T, db = a^T dy; the driver sums over broadcast axes.
  gradient({ b, x: [u, v], dy }) {
    const swapped = (t: typeof u): typeof u => {
      const axes = t.shape.map((_, i) => i);
      return b.transpose(t, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
    };
    return [b.matMul(dy, swapped(v)), b.matMul(swapped(u), dy)];
  },
});
