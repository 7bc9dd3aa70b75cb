import { sameShape, type Node, type Value } from '../../ir/index.js';
import { localName, type Context } from './context.js';
import { isPlainImage, isUngrouped } from './conv.js';
import type { FlatPlan, Segment, SegmentKind } from './flat-state.js';
import { weightFromPlain, weightShape } from './weight-layout.js';

/** How the users of a piece of the parameters want it. */
export function segmentKind(context: Context, value: Value): SegmentKind {
  const users = context.users.get(value) ?? [];
  const isConv = ({ op }: Node): boolean => op.name === 'Conv' || op.name === 'ConvInputGrad';
  const isWeight = (node: Node): boolean => isConv(node) && isUngrouped(node) && node.inputs[1] === value;
  const isBias = (node: Node): boolean =>
    node.op.name === 'Conv' && isUngrouped(node) && node.inputs[2] === value;
  const isNorm = ({ op, inputs }: Node): boolean => {
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

/** Cuts and joins the flat vector in the target's layout. True where the node is done with. */
export function lowerFlat(context: Context, plan: FlatPlan, node: Node): boolean {
  if (plan.replaced.has(node)) {
    const [value] = node.outputs;
    const segment = value && plan.pieces.get(value);
    if (value !== undefined && segment !== undefined) cut(context, plan.source, value, segment);
    return true;
  }
  if (plan.joins.has(node)) join(context, plan, node);
  return plan.joins.has(node);
}

function cut({ b, f }: Context, source: Value, value: Value, segment: Segment): void {
  const { kind, shape, targetOffset: start, targetSize } = segment;
  const name = `${value.name.split('.').at(-1) ?? ''}.flat`;
  const piece = b.slice(f.plain(source), { axes: [0], starts: [start], ends: [start + targetSize] }, name);
  if (kind === 'vector') f.set(value, { vector: piece });
  else if (kind === 'plain') f.set(value, { plain: b.reshape(piece, shape) });
  else f.set(value, { [kind]: b.reshape(piece, weightShape(shape, f.block, kind === 'direct')) });
}

function join({ b, f, makers }: Context, plan: FlatPlan, node: Node): void {
  const parts = node.inputs.map((part, i) => {
    const segment = plan.segments[i];
    if (part === undefined || segment === undefined) throw new Error(`${node.name} has no part ${i}`);
    if (segment.kind === 'plain') return f.plain(part);
    if (segment.kind === 'vector') return f.vector(part);
    // A part is a weight made flat; what counts is the weight.
    const maker = makers.get(part);
    const whole = maker?.op.name === 'Reshape' ? maker.inputs[0] : undefined;
    const isDirect = segment.kind === 'direct';
    const weight =
      whole !== undefined && sameShape(whole.shape, segment.shape)
        ? f.weight(whole, isDirect)
        : weightFromPlain(b, b.reshape(f.plain(part), segment.shape), f.block, isDirect);
    return b.reshape(weight, [segment.targetSize]);
  });
  const [out] = node.outputs;
  if (out !== undefined) f.set(out, { plain: b.concat(parts, 0, localName(node)) });
}
