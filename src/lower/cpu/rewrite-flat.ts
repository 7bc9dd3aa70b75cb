import { sameShape, type Node, type Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import { localName } from '../shared/links.js';
import type { Context } from './context.js';
import { isPlainImage, isUngrouped } from './conv.js';
import { shapeInTarget, type FlatPlan, type Segment, type SegmentKind } from './flat-state.js';
import { pieceName } from './target-state.js';
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

/** Adds the pieces of a flat vector as inputs. */
export function flatInputs({ b, f }: Context, plan: FlatPlan, input: Value): void {
  const pieces = plan.pieces.map(({ targetSize }, i) =>
    b.input(pieceName(input.name, i), input.dtype, [targetSize]),
  );
  f.set(input, { pieces });
}

/** Cuts, joins and computes with flat vectors in the target's layout. True where the node is done with. */
export function lowerFlat(context: Context, plans: readonly FlatPlan[], node: Node): boolean {
  const replaced = plans.find((plan) => plan.replaced.has(node));
  if (replaced !== undefined) {
    const [value] = node.outputs;
    const segment = value && replaced.cuts.get(value);
    if (value !== undefined && segment !== undefined) cut(context, replaced, value, segment);
    return true;
  }
  const joined = plans.find((plan) => plan.joins.has(node));
  if (joined !== undefined) {
    join(context, joined, node);
    return true;
  }
  return piecewise(context, node);
}

function cut({ b, f }: Context, plan: FlatPlan, value: Value, segment: Segment): void {
  const { kind, targetOffset, targetSize } = segment;
  const index = plan.pieces.findIndex(({ segments }) => segments.includes(segment));
  const piece = plan.pieces[index];
  const whole = f.pieces(plan.source)?.[index];
  if (piece === undefined || whole === undefined) throw new Error(`'${value.name}' is in no piece`);
  const form = kind === 'plain' ? 'plain' : kind;
  const start = targetOffset - piece.targetOffset;
  const name = `${value.name.split('.').at(-1) ?? ''}.flat`;
  const part =
    piece.segments.length === 1
      ? whole
      : b.slice(whole, { axes: [0], starts: [start], ends: [start + targetSize] }, name);
  f.set(value, { [form]: b.reshape(part, shapeInTarget(segment, f.block)) });
}

function join(context: Context, plan: FlatPlan, node: Node): void {
  const { b, f } = context;
  const flat = new Map(
    plan.segments.map((segment, i) => [segment, b.reshape(part(segment, i), [segment.targetSize])]),
  );
  const pieces = plan.pieces.map(({ segments }, i) => {
    const values = segments.map((segment) => flat.get(segment));
    const [only] = values;
    return only !== undefined && values.length === 1
      ? only
      : b.emit(ops.Concat, values, { axis: 0 }, `${localName(node)}.${i}`);
  });
  const [out] = node.outputs;
  if (out !== undefined) f.set(out, { pieces });

  function part(segment: Segment, i: number): Value {
    const value = node.inputs[i];
    if (value === undefined) throw new Error(`${node.name} has no part ${i}`);
    if (segment.kind === 'plain') return f.plain(value);
    if (segment.kind === 'vector') return f.vector(value);
    // A part is a weight made flat; what counts is the weight.
    const maker = context.makers.get(value);
    const whole = maker?.op.name === 'Reshape' ? maker.inputs[0] : undefined;
    const isDirect = segment.kind === 'direct';
    return whole !== undefined && sameShape(whole.shape, segment.shape)
      ? f.weight(whole, isDirect)
      : weightFromPlain(b, b.reshape(f.plain(value), segment.shape), f.block, isDirect);
  }
}

/** An elementwise operator on flat vectors, the same for each piece. */
function piecewise({ b, f }: Context, node: Node): boolean {
  const [out] = node.outputs;
  const lists = node.inputs.map((input) => (input === undefined ? undefined : f.pieces(input)));
  const count = Math.max(...lists.map((list) => list?.length ?? 0));
  if (out === undefined || count === 0) return false;
  const pieces = Array.from({ length: count }, (_, i) => {
    const operands = node.inputs.map((input, k) => {
      if (input === undefined) return undefined;
      return lists[k] === undefined ? f.plain(input) : lists[k][i];
    });
    return b.emit(node.op, operands, node.attrs, `${localName(node)}.${i}`);
  });
  f.set(out, { pieces });
  return true;
}
