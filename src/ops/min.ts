import { ShapeError } from '../errors.js';
import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';
import { extremeGradient } from './extreme-grad.js';

/** The minimum of one or more operands; those that are equal share the gradient, as in PyTorch. */
export const min = defineOp<'n'>({
  name: 'Min',
  source: 'https://onnx.ai/onnx/operators/onnx__Min.html',
  arity: 'n',
  attributes: {},
  infer([first, ...others]) {
    if (first === undefined) throw new ShapeError('Min: expected at least one operand, got none');
    sameDType('Min', first, ...others);
    return others.reduce((shape, each) => broadcastShapes(shape, each.shape, 'Min'), first.shape);
  },
  gradient: ({ b, x, y, dy }) => extremeGradient(b, x, y, dy, (u, v) => b.less(u, v)),
});
