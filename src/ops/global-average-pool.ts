import { defineOp } from './define.js';
import { nchw } from './expect.js';

/** Mean over H and W: x [N,C,H,W] -> y [N,C,1,1]. */
export const globalAveragePool = defineOp<1>({
  name: 'GlobalAveragePool',
  arity: 1,
  attributes: {},
  infer([x]) {
    const [n, c] = nchw('GlobalAveragePool', x);
    return [n, c, 1, 1];
  },
  // y = sum(x) / HW, so every pixel receives dy / HW.
  gradient({ b, x: [x], dy }) {
    const [, , h, w] = nchw('GlobalAveragePool', x);
    return [b.expandLike(b.mul(dy, 1 / (h * w)), x)];
  },
});
