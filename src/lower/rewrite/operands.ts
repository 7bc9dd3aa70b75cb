import { assert } from '../../errors.js';
import type { Node, Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';

type Values<N extends number, Known extends readonly Value[] = []> = Known['length'] extends N
  ? Known
  : Values<N, readonly [...Known, Value]>;

/** The first `n` inputs of a node, none of which may be left out. */
export function operands<N extends number>({ name, inputs }: Node, n: N): Values<N> {
  const first = inputs.slice(0, n);
  assert(
    first.length === n && first.every((input) => input !== undefined),
    `${name}: expected ${n} operands, got ${inputs.map((input) => input?.name ?? 'none').join(', ')}`,
  );
  return first as unknown as Values<N>;
}

/** The first output of a node. */
export function result({ name, outputs: [y] }: Node): Value {
  assert(y, `${name} has no result`);
  return y;
}

/** An attribute that is a list of whole numbers; [] where it is left out. */
export function ints({ attrs }: Node, name: string): readonly number[] {
  return (attrs[name] ?? []) as readonly number[];
}

/** The operands of a convolution or of one of its gradients: the image, the weight, the image after it. */
export interface ConvOperands {
  readonly x: Value;
  readonly w: Value;
  readonly y: Value;
  readonly bias: Value | undefined;
  readonly attrs: ConvAttrs;
}

/** Operators that `convOperands` knows. */
const convolutions = ['Conv', 'ConvInputGrad', 'ConvWeightGrad'];

/** Whether a node is a convolution or one of its two gradients. */
export function isConv({ op }: Node): boolean {
  return convolutions.includes(op.name);
}

/** The operands of a convolution or of one of its gradients, whichever of them are given and made. */
export function convOperands(node: Node): ConvOperands {
  const [first, second] = operands(node, 2);
  const made = result(node);
  const { kernel_shape, strides, pads, dilations, group } = node.attrs as unknown as ConvAttrs;
  // Without what a gradient has besides.
  const rest = { bias: node.inputs[2], attrs: { kernel_shape, strides, pads, dilations, group } };
  if (node.op.name === 'Conv') return { x: first, w: second, y: made, ...rest };
  if (node.op.name === 'ConvInputGrad') return { x: made, w: second, y: first, ...rest };
  return { x: first, w: made, y: second, ...rest };
}
