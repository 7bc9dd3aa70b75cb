import { ShapeError } from '../errors.js';
import { broadcastShapes, normaliseAxis, type Value } from '../ir/index.js';
import { filled } from './attributes.js';
import { defineOp, type Gradient, type Op } from './define.js';
import type { Emitter } from './emitter.js';
import { sameDType } from './expect.js';
import { extremeGradient } from './extreme-grad.js';
import { reducedShape, reduceRules, settleReduce, type ReduceAttrs } from './reduce-shape.js';
import { settleSoftmax } from './softmax-axis.js';

/** y = f(x), elementwise. */
export function unary(name: string, gradient: Gradient<readonly [Value], object>): Op {
  return defineOp<1>({ name, arity: 1, attributes: {}, infer: ([x]) => x.shape, gradient });
}

/** y = f(u, v), elementwise with broadcasting; the driver sums gradients over broadcast axes. */
export function binary(name: string, gradient: Gradient<readonly [Value, Value], object>): Op {
  return defineOp<2>({
    ...{ name, arity: 2, attributes: {}, gradient },
    infer([u, v]) {
      sameDType(name, u, v);
      return broadcastShapes(u.shape, v.shape, name);
    },
  });
}

/** A comparison of u and v, elementwise with broadcasting. */
export function comparison(name: string): Op {
  return defineOp<2>({
    ...{ name, arity: 2, attributes: {}, gradient: { none: 'the result is boolean' } },
    infer([u, v]) {
      sameDType(name, u, v);
      return [{ dtype: 'bool', shape: broadcastShapes(u.shape, v.shape, name) }];
    },
  });
}

/** The largest or the smallest of one or more operands; those that are equal share the gradient, as in PyTorch. */
export function extreme(name: string, isAbove: (b: Emitter, u: Value, v: Value) => Value): Op {
  return defineOp<'n'>({
    ...{ name, arity: 'n', attributes: {} },
    infer([first, ...others]) {
      if (first === undefined) throw new ShapeError(`${name}: expected at least one operand, got none`);
      sameDType(name, first, ...others);
      return others.reduce((shape, each) => broadcastShapes(shape, each.shape, name), first.shape);
    },
    gradient: ({ b, x, y, dy }) => extremeGradient(b, x, y, dy, (u, v) => isAbove(b, u, v)),
  });
}

/** A reduction along `axes`. */
export function reduction(name: string, gradient: Gradient<readonly [Value], ReduceAttrs>): Op {
  return defineOp<1, ReduceAttrs>({
    ...{ name, arity: 1, attributes: reduceRules, tensorAttrs: { axes: 1 }, gradient },
    settle: (attrs, _, opset) => settleReduce(name, attrs, opset),
    infer: ([x], attrs) => reducedShape(name, x, attrs),
  });
}

/** A normalisation of e^x along one axis. */
export function exponential(
  name: string,
  gradient: Gradient<readonly [Value], { readonly axis: number }>,
): Op {
  return defineOp<1, { readonly axis: number }>({
    ...{ name, arity: 1, attributes: { axis: filled(-1) }, gradient },
    settle: (attrs, [x], opset) => settleSoftmax(name, attrs, x, opset),
    infer([x], { axis }) {
      normaliseAxis(axis, x.shape.length, name);
      return x.shape;
    },
  });
}
