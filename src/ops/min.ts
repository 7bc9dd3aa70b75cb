import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';

/** The minimum of a and b; where they are equal each takes half, as in PyTorch. */
export const min = defineOp<2>({
  name: 'Min',
  source: 'https://onnx.ai/onnx/operators/onnx__Min.html',
  infer([a, b]) {
    sameDType('Min', a, b);
    return broadcastShapes(a.shape, b.shape, 'Min');
  },
  gradient({ b, x: [u, v], dy }) {
    const half = b.mul(b.cast(b.equal(u, v), dy.dtype), 0.5);
    const share = b.add(b.cast(b.less(u, v), dy.dtype), half);
    return [b.mul(dy, share), b.mul(dy, b.sub(1, share))];
  },
});
