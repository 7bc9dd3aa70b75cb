import type { Node, Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import type { FlatPlan } from '../cpu/flat-state.js';
import { pieceName } from '../cpu/target-state.js';
import { localName } from '../shared/links.js';
import type { Context } from './context.js';

/** Adds the pieces of a flat vector as inputs. */
export function flatInputs({ b, f }: Context, plan: FlatPlan, input: Value): void {
  const pieces = plan.pieces.map(({ targetSize }, i) =>
    b.input(pieceName(input.name, i), input.dtype, [targetSize]),
  );
  f.set(input, { pieces });
}

/** Cuts, joins and computes with flat vectors piece by piece. True where the node is done with. */
export function lowerFlat(context: Context, plans: readonly FlatPlan[], node: Node): boolean {
  const cutting = plans.find((plan) => plan.replaced.has(node));
  if (cutting !== undefined) {
    cut(context, cutting, node);
    return true;
  }
  const joining = plans.find((plan) => plan.joins.has(node));
  if (joining !== undefined) {
    join(context, joining, node);
    return true;
  }
  return piecewise(context, node);
}

function cut({ b, f }: Context, plan: FlatPlan, node: Node): void {
  const [value] = node.outputs;
  const segment = value && plan.cuts.get(value);
  if (value === undefined || segment === undefined) return;
  const at = plan.pieces.findIndex(({ segments }) => segments.includes(segment));
  const piece = plan.pieces[at];
  const whole = f.pieces(plan.source)?.[at];
  if (piece === undefined || whole === undefined) throw new Error(`'${value.name}' is in no piece`);
  const start = segment.targetOffset - piece.targetOffset;
  const name = `${value.name.split('.').at(-1) ?? ''}.flat`;
  const part =
    piece.segments.length === 1
      ? whole
      : b.slice(whole, { axes: [0], starts: [start], ends: [start + segment.size] }, name);
  f.set(value, { plain: b.reshape(part, value.shape) });
}

function join({ b, f }: Context, plan: FlatPlan, node: Node): void {
  const parts = new Map(plan.segments.map((segment, i) => [segment, node.inputs[i]]));
  const pieces = plan.pieces.map(({ segments }, i) => {
    const values = segments.map((segment) => {
      const value = parts.get(segment);
      if (value === undefined) throw new Error(`${node.name} lacks a part`);
      return b.reshape(f.plain(value), [segment.size]);
    });
    const [only] = values;
    return only !== undefined && values.length === 1
      ? only
      : b.emit(ops.Concat, values, { axis: 0 }, `${localName(node)}.${i}`);
  });
  const [out] = node.outputs;
  if (out !== undefined) f.set(out, { pieces });
}

/** An elementwise operator on flat vectors, the same for each piece. */
function piecewise({ b, f }: Context, node: Node): boolean {
  const [out] = node.outputs;
  const lists = node.inputs.map((input) => (input === undefined ? undefined : f.pieces(input)));
  const count = Math.max(0, ...lists.map((list) => list?.length ?? 0));
  if (out === undefined || count === 0) return false;
  const pieces = Array.from({ length: count }, (_, i) => {
    const operands = node.inputs.map((input, k) =>
      input === undefined ? undefined : (lists[k]?.[i] ?? f.plain(input)),
    );
    return b.emit(node.op, operands, node.attrs, `${localName(node)}.${i}`);
  });
  f.set(out, { pieces });
  return true;
}
