import { GradientError } from '../errors.js';
import { formatShape, formatType, sameShape, type Node, type Value } from '../ir/index.js';
import type { Builder, Op } from '../ops/index.js';

/**
 * Reverse-mode differentiation, graph to graph: appends the backward pass to the builder and returns the gradient of
 * the scalar `loss` with respect to each value of `wrt`, in their order and of their shapes. Works for any value of the
 * graph, inputs and intermediate results alike.
 *
 * Throws GradientError if the loss is not a scalar, does not depend on a wanted value, or depends on it only through an
 * operator that refuses.
 *
 * @example
 * const loss = b.reduceMean(b.mul(x, x), [0]);
 * const [dx] = gradients(b, loss, [x]);
 */
export function gradients(b: Builder, loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length !== 0) {
    throw new GradientError(`loss '${loss.name}': expected a scalar, got ${formatType(loss)}`);
  }
  if (loss.dtype !== 'float32' && loss.dtype !== 'float64') {
    throw new GradientError(`loss '${loss.name}': expected float32 or float64, got ${formatType(loss)}`);
  }
  const forward = b.nodes.slice();
  const relevant = dependents(forward, wrt);
  const arriving = new Map<Value, Value[]>([[loss, [b.scalar(1, loss.dtype)]]]);
  const settled = new Map<Value, Value>();

  for (const value of wrt) if (value === loss) settled.set(value, b.scalar(1, loss.dtype));
  for (const node of forward.toReversed()) {
    if (!node.inputs.some((input) => input !== undefined && relevant.has(input))) continue;
    const [y] = node.outputs;
    if (y === undefined) continue;
    expectFirstOutput(node, arriving);
    b.within(node.layer, () => {
      const dy = total(b, y, arriving);
      if (dy === undefined) return;
      settled.set(y, dy);
      for (const [input, grad] of contributions(b, node, y, dy, relevant)) {
        arriving.set(input, [...(arriving.get(input) ?? []), grad]);
      }
    });
  }
  return wrt.map((value) => {
    const grad = settled.get(value) ?? total(b, value, arriving);
    if (grad === undefined)
      throw new GradientError(`loss '${loss.name}' does not depend on '${value.name}' differentiably`);
    return grad;
  });
}

/** The wanted values and everything computed from them. */
function dependents(nodes: readonly Node[], wrt: readonly Value[]): ReadonlySet<Value> {
  const set = new Set(wrt);
  for (const node of nodes) {
    if (node.inputs.some((input) => input !== undefined && set.has(input))) {
      for (const output of node.outputs) set.add(output);
    }
  }
  return set;
}

/** Rules know the gradient of the first output only; one that arrives at another would be lost silently. */
function expectFirstOutput(node: Node, arriving: ReadonlyMap<Value, readonly Value[]>): void {
  const other = node.outputs.slice(1).find((output) => arriving.has(output));
  if (other === undefined) return;
  throw new GradientError(
    `${whereIs(node)}: only its first output can be differentiated, the loss depends on '${other.name}'`,
  );
}

/** Sum of what has arrived at a value: the paths that lead from it to the loss. */
function total(b: Builder, value: Value, arriving: ReadonlyMap<Value, readonly Value[]>): Value | undefined {
  const [first, ...rest] = arriving.get(value) ?? [];
  if (first === undefined) return undefined;
  return rest.reduce((sum, grad) => b.add(sum, grad, 'grad'), first);
}

function contributions(
  b: Builder,
  node: Node,
  y: Value,
  dy: Value,
  relevant: ReadonlySet<Value>,
): readonly (readonly [Value, Value])[] {
  const { gradient, name } = node.op as Op;
  if (typeof gradient === 'object') {
    if ('none' in gradient) return [];
    throw new GradientError(`${whereIs(node)}: ${name} cannot be differentiated: ${gradient.refuse}`);
  }
  const grads = gradient({ b, x: node.inputs, y, outputs: node.outputs, dy, attrs: node.attrs });
  return node.inputs.flatMap((input, i) => {
    const grad = grads[i];
    if (input === undefined || grad === undefined || !relevant.has(input)) return [];
    return [[input, unbroadcast(b, grad, input, node)] as const];
  });
}

/** Sums a gradient over the axes along which its input was broadcast; written here once for all operators. */
function unbroadcast(b: Builder, grad: Value, input: Value, node: Node): Value {
  if (sameShape(grad.shape, input.shape)) return grad;
  const extra = grad.shape.length - input.shape.length;
  const axes = grad.shape.flatMap((dim, i) =>
    i < extra || (input.shape[i - extra] === 1 && dim !== 1) ? [i] : [],
  );
  if (extra < 0 || axes.length === 0) {
    throw new GradientError(
      `${whereIs(node)}: expected a gradient of shape ${formatShape(input.shape)} for '${input.name}', got ${formatShape(grad.shape)}`,
    );
  }
  return b.reshape(b.reduceSum(grad, axes, true), input.shape);
}

function whereIs(node: Node): string {
  return `${node.op.name} '${node.name}'${node.layer === '' ? '' : ` (layer ${node.layer})`}`;
}
