import { sameShape, type Node, type Value } from '../../ir/index.js';
import type { SegmentRules } from '../shared/flat.js';
import type { Context } from './context.js';
import { isPlainImage, isUngrouped } from './conv.js';
import { shapeInTarget, type SegmentKind } from './flat-state.js';
import { weightFromPlain } from './weight-layout.js';

/** How the users of a piece of the parameters want it. */
export function segmentKind(context: Context, value: Value): SegmentKind {
  const users = context.users.get(value) ?? [];
  const isConv = ({ op }: Node): boolean => op.name === 'Conv' || op.name === 'ConvInputGrad';
  const isWeight = (node: Node): boolean => isConv(node) && isUngrouped(node) && node.inputs[1] === value;
  const isBias = (node: Node): boolean =>
    node.op.name === 'Conv' && isUngrouped(node) && node.inputs[2] === value;
  const isNorm = ({ op, inputs }: Node): boolean => {
    if (op.name === 'BatchNormalization') return inputs[0] !== value;
    if (op.name === 'BatchNormTrain') return inputs[1] === value || inputs[2] === value;
    return op.name === 'BatchNormGrad' && inputs[3] === value;
  };
  if (users.length === 0) return 'plain';
  if (users.every((node) => isBias(node) || isNorm(node))) return 'vector';
  if (!users.every(isWeight)) return 'plain';
  const isDirect = ({ op, inputs: [x] }: Node): boolean =>
    op.name === 'Conv' && x !== undefined && isPlainImage(context, x);
  if (users.every(isDirect)) return 'direct';
  return users.some(isDirect) ? 'plain' : 'weight';
}

/** How weights lie in the vectors: in the layout of the convolutions that want them. */
export function segmentRules(context: Context): SegmentRules {
  const { b, f } = context;
  return {
    cut(value, segment, part) {
      f.set(value, { [segment.kind]: b.reshape(part, shapeInTarget(segment, f.block)) });
    },
    part(value, segment) {
      if (segment.kind === 'plain') return f.plain(value);
      if (segment.kind === 'vector') return f.vector(value);
      // A part is a weight made flat; what counts is the weight.
      const maker = context.makers.get(value);
      const whole = maker?.op.name === 'Reshape' ? maker.inputs[0] : undefined;
      const isDirect = segment.kind === 'direct';
      return whole !== undefined && sameShape(whole.shape, segment.shape)
        ? f.weight(whole, isDirect)
        : weightFromPlain(b, b.reshape(f.plain(value), segment.shape), f.block, isDirect);
    },
  };
}
