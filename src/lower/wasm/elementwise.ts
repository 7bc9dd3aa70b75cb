import { localName, sameShape, type Node, type Value } from '../../ir/index.js';
import { isElementwise, maskOf } from '../rewrite/elementwise.js';
import type { Context } from './context.js';

/** An elementwise operator in HWCN, where one of its operands lies so; undefined where it cannot be. */
export function hwcnElementwise(context: Context, node: Node): Value | undefined {
  const { f, b } = context;
  const [y] = node.outputs;
  if (y?.shape.length !== 4 || !isElementwise(node)) return undefined;
  const masked = maskedByRelu(context, node);
  if (masked !== undefined) return masked;
  const isFull = (value: Value): boolean => sameShape(value.shape, y.shape);
  if (!node.inputs.some((input) => input !== undefined && isFull(input) && f.isHwcn(input))) return undefined;
  const operands: Value[] = [];
  for (const input of node.inputs) {
    if (input === undefined) return undefined;
    if (input.shape.length === 4) operands.push(f.hwcn(input));
    else if (input.shape.length === 0) operands.push(f.plain(input));
    else return undefined;
  }
  return b.emit(node.op, operands, node.attrs, localName(node));
}

/** where(z > 0, dy, 0) with z = relu(x), which is never less than 0: dy times the sign of z. */
function maskedByRelu(context: Context, node: Node): Value | undefined {
  const { f, b, makers } = context;
  const mask = maskOf(context, node);
  if (mask === undefined || makers.get(mask.x)?.op.name !== 'Relu') return undefined;
  const { x: z, dy } = mask;
  if (!sameShape(z.shape, dy.shape) || !f.isHwcn(z)) return undefined;
  const sign = f.once(`${z.name} sign`, () => b.sign(f.hwcn(z)));
  return b.mul(sign, f.hwcn(dy), localName(node));
}
