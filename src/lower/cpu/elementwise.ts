import { localName, sameShape, type Node, type Value } from '../../ir/index.js';
import { isElementwise, keepsZeros, maskOf } from '../rewrite/elementwise.js';
import { isZero } from '../rewrite/links.js';
import type { Context } from './context.js';
import { signMask } from './depthwise.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';

/** An elementwise operator on blocked tensors, where one of its operands is blocked; undefined where it cannot be. */
export function blockedElementwise(context: Context, node: Node): Value | undefined {
  const { f, graph } = context;
  const [y] = node.outputs;
  if (y?.shape.length !== 4 || !isElementwise(node)) return undefined;
  const full = node.inputs.filter((input) => input !== undefined && sameShape(input.shape, y.shape));
  const others = node.inputs.filter((input) => input !== undefined && !full.includes(input));
  const isScalar = others.every((input) => input === undefined || input.shape.length === 0);
  if (!isScalar || !full.some((input) => input !== undefined && f.isBlocked(input))) return undefined;
  const [, c] = dims4(y);
  if (c % f.block !== 0 && !keepsZeros(graph, node, full.length)) return undefined;
  const operands = node.inputs.map((input) => {
    if (input === undefined) return undefined;
    return full.includes(input) ? f.blocked(input) : f.plain(input);
  });
  const [condition, chosen] = operands;
  if (
    node.op.name === 'Where' &&
    condition !== undefined &&
    chosen?.dtype === 'float32' &&
    isZero(graph, node.inputs[2])
  ) {
    const positive = maskOf(context, node)?.x;
    return positive?.dtype === 'float32' && f.isBlocked(positive)
      ? f.b.mul(signMask(f, f.blocked(positive)), chosen, localName(node))
      : masked(f, condition, chosen, localName(node));
  }
  return f.b.emit(node.op, operands, node.attrs, localName(node));
}

/**
 * where(condition, x, 0) as a product: ONNX Runtime runs Where on one thread, Cast and Mul on all. [64,32,12,12]: 0.26 ->
 * 0.10 ms with two. An x that is not finite is no longer hidden by the condition.
 */
export function masked({ b }: Forms, condition: Value, x: Value, name = 'masked'): Value {
  return b.mul(b.cast(condition, 'float32'), x, name);
}
