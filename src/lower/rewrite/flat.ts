import { localName, type Node, type Value } from '../../ir/index.js';
import { ops, type Builder } from '../../ops/index.js';
import type { FlatPlan, Segment } from '../cpu/flat-state.js';
import { pieceName } from '../cpu/target-state.js';

/** What is known of flat vectors while a graph is lowered. */
export interface FlatContext {
  readonly b: Builder;
  readonly f: {
    set(value: Value, form: { readonly pieces: readonly Value[] }): void;
    plain(value: Value): Value;
    pieces(value: Value): readonly Value[] | undefined;
  };
}

/** How a target's segments lie in its vectors. */
export interface SegmentRules {
  /** Records a tensor that is cut out of a piece: `part` is flat. */
  readonly cut: (value: Value, segment: Segment, part: Value) => void;
  /** A tensor as it lies in a piece, in any shape. */
  readonly part: (value: Value, segment: Segment) => Value;
}

/** Adds the pieces of a flat vector as inputs; false for an input of another kind. */
export function flatInput({ b, f }: FlatContext, plans: readonly FlatPlan[], input: Value): boolean {
  const plan = plans.find(({ members }) => members.has(input));
  if (plan === undefined) return false;
  const pieces = plan.pieces.map(({ targetSize }, i) =>
    b.input(pieceName(input.name, i), input.dtype, [targetSize]),
  );
  f.set(input, { pieces });
  return true;
}

/** Cuts, joins and computes with flat vectors in the target's layout. True where the node is done with. */
export function lowerFlat(
  context: FlatContext,
  plans: readonly FlatPlan[],
  node: Node,
  rules: SegmentRules,
): boolean {
  const replaced = plans.find((plan) => plan.replaced.has(node));
  if (replaced !== undefined) {
    cut(context, replaced, node, rules);
    return true;
  }
  const joined = plans.find((plan) => plan.joins.has(node));
  if (joined !== undefined) {
    join(context, joined, node, rules);
    return true;
  }
  return piecewise(context, node);
}

function cut({ b, f }: FlatContext, plan: FlatPlan, node: Node, rules: SegmentRules): void {
  const [value] = node.outputs;
  const segment = value && plan.cuts.get(value);
  if (value === undefined || segment === undefined) return;
  const index = plan.pieces.findIndex(({ segments }) => segments.includes(segment));
  const piece = plan.pieces[index];
  const whole = f.pieces(plan.source)?.[index];
  if (piece === undefined || whole === undefined) throw new Error(`'${value.name}' is in no piece`);
  const start = segment.targetOffset - piece.targetOffset;
  const name = `${value.name.split('.').at(-1) ?? ''}.flat`;
  const part =
    piece.segments.length === 1
      ? whole
      : b.slice(whole, { axes: [0], starts: [start], ends: [start + segment.targetSize] }, name);
  rules.cut(value, segment, part);
}

function join({ b, f }: FlatContext, plan: FlatPlan, node: Node, rules: SegmentRules): void {
  const flat = new Map(
    plan.segments.map((segment, i) => {
      const value = node.inputs[i];
      if (value === undefined) throw new Error(`${node.name} has no part ${i}`);
      return [segment, b.reshape(rules.part(value, segment), [segment.targetSize])];
    }),
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
}

/** An elementwise operator on flat vectors, the same for each piece. */
function piecewise({ b, f }: FlatContext, node: Node): boolean {
  const [out] = node.outputs;
  const lists = node.inputs.map((input) => (input === undefined ? undefined : f.pieces(input)));
  const count = Math.max(0, ...lists.map((list) => list?.length ?? 0));
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
