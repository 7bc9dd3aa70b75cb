import { sameShape, type Node, type Value } from '../../ir/index.js';
import type { SegmentRules } from '../rewrite/flat.js';
import type { Context } from './context.js';
import { shapeInTarget, type SegmentKind } from './flat-state.js';
import { placementOf } from './placement.js';
import { sameLayout, weightFromPlain } from './weight-layout.js';

/** How the users of a piece of the parameters want it. */
export function segmentKind(context: Context, value: Value): SegmentKind {
  const users = context.users.get(value) ?? [];
  const isBias = (node: Node): boolean =>
    node.op.name === 'Conv' && placementOf(context, node) !== undefined && node.inputs[2] === value;
  const isNorm = ({ op, inputs }: Node): boolean => {
    if (op.name === 'BatchNormalization') return inputs[0] !== value;
    if (op.name === 'BatchNormTrain') return inputs[1] === value || inputs[2] === value;
    return op.name === 'BatchNormGrad' && inputs[3] === value;
  };
  if (users.length === 0) return 'plain';
  if (users.every((node) => isBias(node) || isNorm(node))) return 'vector';
  const layouts = users.map((node) =>
    node.inputs[1] === value && node.op.name !== 'ConvWeightGrad'
      ? placementOf(context, node)?.layout
      : undefined,
  );
  const [first] = layouts;
  const isOne = layouts.every(
    (layout) => layout !== undefined && first !== undefined && sameLayout(layout, first),
  );
  return first !== undefined && isOne ? first : 'plain';
}

/** How weights lie in the vectors: in the layout of the convolutions that want them. */
export function segmentRules(context: Context): SegmentRules {
  const { b, f } = context;
  return {
    cut(value, segment, part) {
      const { kind } = segment;
      const shaped = b.reshape(part, shapeInTarget(segment, f.block));
      if (kind === 'plain') f.set(value, { plain: shaped });
      else if (kind === 'vector') f.set(value, { vector: shaped });
      else f.set(value, { weights: [{ layout: kind, value: shaped }] });
    },
    part(value, { kind, shape }) {
      if (kind === 'plain') return f.plain(value);
      if (kind === 'vector') return f.vector(value);
      // A part is a weight made flat; what counts is the weight.
      const maker = context.makers.get(value);
      const whole = maker?.op.name === 'Reshape' ? maker.inputs[0] : undefined;
      return whole !== undefined && sameShape(whole.shape, shape)
        ? f.weight(whole, kind)
        : weightFromPlain(b, b.reshape(f.plain(value), shape), f.block, kind);
    },
  };
}
