import { localName, sameShape, type Node, type Value } from '../../ir/index.js';
import { isElementwise } from '../rewrite/elementwise.js';
import { isZero } from '../rewrite/links.js';
import type { Context } from './context.js';

/** An elementwise operator pixel by pixel, where one of its operands is so; undefined where it cannot be. */
export function pixelElementwise(context: Context, node: Node): Value | undefined {
  const { f, b } = context;
  const [y] = node.outputs;
  if (y?.shape.length !== 4 || !isElementwise(node)) return undefined;
  const masked = maskedByRelu(context, node);
  if (masked !== undefined) return masked;
  const isFull = (value: Value): boolean => sameShape(value.shape, y.shape);
  if (!node.inputs.some((input) => input !== undefined && isFull(input) && f.isPixels(input)))
    return undefined;
  const operands: Value[] = [];
  for (const input of node.inputs) {
    if (input === undefined) return undefined;
    if (input.shape.length === 4) operands.push(f.pixels(input));
    else if (input.shape.length === 0) operands.push(f.plain(input));
    else return undefined;
  }
  return b.emit(node.op, operands, node.attrs, localName(node));
}

/** where(z > 0, dy, 0) with z = relu(x), which is never less than 0: dy times the sign of z. */
function maskedByRelu({ f, b, graph, makers }: Context, node: Node): Value | undefined {
  const [condition, dy, other] = node.inputs;
  const greater = condition && makers.get(condition);
  const [z] = greater?.inputs ?? [];
  if (node.op.name !== 'Where' || greater?.op.name !== 'Greater' || dy === undefined || z === undefined)
    return undefined;
  const isMask =
    isZero(graph, other) && isZero(graph, greater.inputs[1]) && makers.get(z)?.op.name === 'Relu';
  if (!isMask || !sameShape(z.shape, dy.shape) || !f.isPixels(z)) return undefined;
  return b.mul(
    f.once(`${z.name} sign`, () => b.sign(f.pixels(z))),
    f.pixels(dy),
    localName(node),
  );
}
