import { staticSize, type Node, type Value } from '../../ir/index.js';
import { weightShape } from '../layout/weight-layout.js';
import type { Context } from './context.js';
import type { Factored, Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import { convOperands } from '../rewrite/operands.js';
import { placementOf, type Placement } from './placement.js';

/** How many times larger than the weight an image must be: the weight's product goes in runs of one block. */
const WORTH = 4;

/**
 * Whether a gradient dy may be left without the factor of each of its channels, for a convolution's gradients to multiply
 * their weights instead: two passes over dy less. Its users must be those gradients, of a weight that is small beside it.
 */
export function mayBeFactored(context: Context, dy: Value): boolean {
  const all = context.users.get(dy) ?? [];
  return (
    all.length > 0 &&
    all.every((node) => {
      const placement = node.op.name === 'Conv' ? undefined : placementOf(context, node);
      if (placement === undefined) return false;
      const { w, y } = convOperands(node);
      const size = staticSize(weightShape(w.shape.map(Number), context.f.block, placement.layout));
      return y === dy && WORTH * size <= staticSize(dy.shape);
    })
  );
}

/** ConvInputGrad with the factor in the weight instead of dy; the node as it is where dy is not factored. */
export function factorInWeight(f: Forms, node: Node, { layout }: Placement): Node {
  const { w, y: dy } = convOperands(node);
  const factored = f.factored(dy);
  if (factored === undefined) return node;
  const weight: Value = { ...w, name: `${w.name} for ${node.name}` };
  const value = timesFactor(f, f.weight(w, layout), factored.factor);
  f.set(weight, { weights: [{ layout, value }] });
  return { ...node, inputs: [withoutFactor(f, node, dy, factored), weight] };
}

/** ConvWeightGrad of dy without its factor, and the factor to multiply its result with. */
export function factorInResult(
  f: Forms,
  node: Node,
): { readonly node: Node; readonly times: (weight: Value) => Value } {
  const { x, y: dy } = convOperands(node);
  const factored = f.factored(dy);
  if (factored === undefined) return { node, times: (weight) => weight };
  return {
    node: { ...node, inputs: [x, withoutFactor(f, node, dy, factored)] },
    times: (weight) => timesFactor(f, weight, factored.factor),
  };
}

function withoutFactor(f: Forms, node: Node, dy: Value, { image }: Factored): Value {
  const value: Value = { ...dy, name: `${dy.name} for ${node.name}` };
  f.set(value, { blocked: image });
  return value;
}

/** A weight [K',C',kh,kw] in any layout times [K']. */
function timesFactor({ b, block }: Forms, weight: Value, factor: Value): Value {
  const [kp, c, kh, kw] = dims4(weight);
  const lines = b.reshape(weight, [kp / block, c * kh * kw, block]);
  return b.reshape(b.mul(lines, b.reshape(factor, [kp / block, 1, block]), 'factored'), [kp, c, kh, kw]);
}
