import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';

/** The maximum of a and b; where they are equal each takes half, as in PyTorch. */
export const max = defineOp<2>({
  name: 'Max',
  source: 'https://onnx.ai/onnx/operators/onnx__Max.html',
  infer([a, b]) {
    sameDType('Max', a, b);
    return broadcastShapes(a.shape, b.shape, 'Max');
  },
  gradient({ b, x: [u, v], dy }) {
    const half = b.mul(b.cast(b.equal(u, v), dy.dtype), 0.5);
    const share = b.add(b.cast(b.greater(u, v), dy.dtype), half);
    return [b.mul(dy, share), b.mul(dy, b.sub(1, share))];
  },
});
