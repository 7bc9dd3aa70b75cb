import { ShapeError } from '../errors.js';
import { broadcastShapes } from '../ir/index.js';
import { defineOp, sameDType } from './define.js';
import { extremeGradient } from './extreme-grad.js';

/** The maximum of one or more operands; those that are equal share the gradient, as in PyTorch. */
export const max = defineOp<'n'>({
  name: 'Max',
  source: 'https://onnx.ai/onnx/operators/onnx__Max.html',
  arity: 'n',
  attributes: {},
  infer([first, ...others]) {
    if (first === undefined) throw new ShapeError('Max: expected at least one operand, got none');
    sameDType('Max', first, ...others);
    return others.reduce((shape, each) => broadcastShapes(shape, each.shape, 'Max'), first.shape);
  },
  gradient: ({ b, x, y, dy }) => extremeGradient(b, x, y, dy, (u, v) => b.greater(u, v)),
});
