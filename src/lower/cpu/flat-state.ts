import { sameShape, type Graph, type Node, type Value } from '../../ir/index.js';
import { isElementwise } from '../rewrite/elementwise.js';
import { linksOf, type Links } from '../rewrite/links.js';
import { roundUp } from './layout.js';
import { weightShape, type WeightLayout } from './weight-layout.js';

/** How a tensor of the flat vector lies in the target's vector: a weight in the layout of its convolutions. */
export type SegmentKind = 'plain' | 'vector' | WeightLayout;

/** Elements from which on a tensor is an input of its own: below, inputs would cost more than cutting. */
const OWN_PIECE = 16_384;

/** One tensor of the flat vector. */
export interface Segment {
  readonly kind: SegmentKind;
  readonly offset: number;
  readonly size: number;
  readonly shape: readonly number[];
  /** Where it lies in the target's vector. */
  readonly targetOffset: number;
  readonly targetSize: number;
}

/**
 * What the lowered graph has as one input: a large tensor, or all the small ones; as a vector, for ONNX Runtime multiplies
 * [2048,1024,1,1] by a scalar 20 times slower than [2097152].
 */
export interface Piece {
  readonly targetOffset: number;
  readonly targetSize: number;
  readonly segments: readonly Segment[];
}

/** A flat vector of weights (and those of the optimizer like it) in the target's layout, zeros between included. */
export interface FlatPlan {
  /** The portable graph's vector of weights. */
  readonly source: Value;
  /** All vectors of the portable graph that lie like it. */
  readonly members: ReadonlySet<Value>;
  readonly size: number;
  readonly targetSize: number;
  /** In the order of the portable vector. */
  readonly segments: readonly Segment[];
  /** In the order of the target's vector. */
  readonly pieces: readonly Piece[];
  /** Each tensor of the portable graph that is a segment of the parameters. */
  readonly cuts: ReadonlyMap<Value, Segment>;
  /** Slices and reshapes that the segments replace. */
  readonly replaced: ReadonlySet<Node>;
  /** Concatenations that make a vector of this layout. */
  readonly joins: ReadonlySet<Node>;
}

/** A piece as the graph cuts it out, before it is known how it is used. */
interface Cut {
  readonly nodes: readonly Node[];
  readonly value: Value;
  readonly offset: number;
  readonly size: number;
}

/**
 * Looks for flat vectors that are cut into weights (the trained ones, the frozen ones), and lays them out anew so that no
 * step has to convert a weight. Leaves a vector alone to which the graph does anything but cutting, joining and elementwise
 * arithmetic.
 */
export function planFlat(
  graph: Graph,
  block: number,
  kindOf: (value: Value) => SegmentKind,
): readonly FlatPlan[] {
  const plans: FlatPlan[] = [];
  const links = linksOf(graph);
  for (const source of graph.inputs) {
    const [size] = source.shape;
    if (source.shape.length !== 1 || typeof size !== 'number') continue;
    const cuts = cutsOf(links, source);
    if (cuts.length === 0) continue;
    const isTaken = (value: Value): boolean => plans.some(({ members }) => members.has(value));
    const found = membersOf(graph, source, cuts, isTaken);
    if (found === undefined) continue;
    const kinds = cuts.map(({ value }) => kindOf(value));
    if (kinds.every((kind) => kind === 'plain')) continue;
    const replaced = new Set(cuts.flatMap(({ nodes }) => nodes));
    plans.push({ source, size, ...layOut(cuts, kinds, block), replaced, ...found });
  }
  return plans;
}

/** Large tensors first, each a piece, the last layer's first as its gradient comes first; then the small ones as one. */
function layOut(
  cuts: readonly Cut[],
  kinds: readonly SegmentKind[],
  block: number,
): Pick<FlatPlan, 'targetSize' | 'segments' | 'pieces' | 'cuts'> {
  const sized = cuts.map(({ value, offset, size }, i) => {
    const kind = kinds[i] ?? 'plain';
    const shape = value.shape.map(Number);
    return { value, kind, shape, offset, size, targetSize: sizeInTarget(kind, shape, size, block) };
  });
  const isLarge = ({ targetSize }: { readonly targetSize: number }): boolean => targetSize >= OWN_PIECE;
  const groups = [
    ...sized
      .filter(isLarge)
      .toReversed()
      .map((one) => [one]),
    sized.filter((one) => !isLarge(one)),
  ];
  const byValue = new Map<Value, Segment>();
  let target = 0;
  const pieces = groups
    .filter((group) => group.length > 0)
    .map((group): Piece => {
      const start = target;
      const segments = group.map(({ value, ...rest }): Segment => {
        const segment = { ...rest, targetOffset: target };
        target += rest.targetSize;
        byValue.set(value, segment);
        return segment;
      });
      return { targetOffset: start, targetSize: target - start, segments };
    });
  const segments = cuts.flatMap(({ value }) => byValue.get(value) ?? []);
  return { targetSize: target, segments, pieces, cuts: byValue };
}

/** The shape of one segment in the target's layout. */
export function shapeInTarget(
  { kind, shape, targetSize }: Pick<Segment, 'kind' | 'shape' | 'targetSize'>,
  block: number,
): readonly number[] {
  if (kind === 'vector') return [targetSize];
  return kind === 'plain' ? shape : weightShape(shape, block, kind);
}

function sizeInTarget(kind: SegmentKind, shape: readonly number[], size: number, block: number): number {
  if (kind === 'plain') return size;
  if (kind === 'vector') return roundUp(size, block);
  return weightShape(shape, block, kind).reduce((product, dim) => product * dim, 1);
}

/** The pieces in order, if they cover the whole vector. */
function cutsOf({ users }: Links, source: Value): readonly Cut[] {
  const usersOf = (value: Value): readonly Node[] => users.get(value) ?? [];
  const cuts = usersOf(source).flatMap((node): Cut[] => {
    const [out] = node.outputs;
    if (node.op.name !== 'Slice' || out === undefined) return [];
    const [start = 0] = node.attrs['starts'] as readonly number[];
    const [user, ...more] = usersOf(out);
    const reshaped = user?.op.name === 'Reshape' && more.length === 0 ? user.outputs[0] : undefined;
    const size = Number(out.shape[0]);
    if (reshaped === undefined || user === undefined)
      return [{ nodes: [node], value: out, offset: start, size }];
    return [{ nodes: [node, user], value: reshaped, offset: start, size }];
  });
  cuts.sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const { offset, size } of cuts) {
    if (offset !== end) return [];
    end += size;
  }
  return end === source.shape[0] ? cuts : [];
}

/**
 * The vectors that lie like the source, and the concatenations that make some; undefined where something else needs the
 * order of elements.
 */
function membersOf(
  graph: Graph,
  source: Value,
  cuts: readonly Cut[],
  isTaken: (value: Value) => boolean,
): Pick<FlatPlan, 'members' | 'joins'> | undefined {
  const isFlat = (value: Value | undefined): boolean =>
    value !== undefined && sameShape(value.shape, source.shape) && !isTaken(value);
  const joins = new Set(
    graph.nodes.filter(({ op, inputs, outputs }) => {
      const sizes = inputs.map((input) => Number(input?.shape[0]));
      const fits = sizes.length === cuts.length && cuts.every(({ size }, i) => size === sizes[i]);
      return op.name === 'Concat' && fits && outputs.some(isFlat);
    }),
  );
  const members = new Set([source, ...[...joins].flatMap(({ outputs }) => outputs)]);
  for (let before = 0; before < members.size;) {
    before = members.size;
    for (const node of graph.nodes) {
      const flat = [...node.inputs, ...node.outputs].flatMap((value) =>
        value !== undefined && isFlat(value) ? [value] : [],
      );
      if (joins.has(node) || !flat.some((value) => members.has(value))) continue;
      if (node.op.name === 'Slice' && node.inputs[0] === source) continue;
      const others = node.inputs.filter((input) => input !== undefined && !isFlat(input));
      if (!isElementwise(node) || others.some((input) => input !== undefined && input.shape.length !== 0))
        return undefined;
      for (const value of flat) members.add(value);
    }
  }
  return { members, joins };
}
