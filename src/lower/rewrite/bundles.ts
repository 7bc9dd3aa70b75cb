import { assert } from '../../errors.js';
import {
  localName,
  sameShape,
  staticSize,
  type Graph,
  type GraphOutput,
  type Node,
  type Value,
} from '../../ir/index.js';
import { ops, type Builder } from '../../ops/index.js';
import { moveSegment } from '../layout/move-segment.js';
import type { Piece, PlacedBundle, Segment } from '../layout/placed-bundle.js';
import { pieceName, type TargetState } from '../layout/target-state.js';
import { isElementwise } from './elementwise.js';
import { paddingOf } from './padding.js';

/** How a target's segments lie in its vectors. */
export interface SegmentRules {
  /** Records a tensor that is cut out of a piece: `part` is flat. */
  readonly cut: (value: Value, segment: Segment, part: Value) => void;
  /** A tensor as it lies in a piece, in any shape. */
  readonly part: (value: Value, segment: Segment) => Value;
}

/** What the rewrite of bundles sees of a graph that is being lowered. */
interface Lowered {
  readonly graph: Graph;
  readonly b: Builder;
  readonly f: { set(value: Value, form: { readonly plain: Value }): void; plain(value: Value): Value };
}

/** A vector in the target's layout. */
interface Laid {
  readonly bundle: PlacedBundle;
  readonly pieces: readonly Value[];
  /** The number that fills up its blocks; undefined where that is not known. */
  readonly padding: number | undefined;
}

/** Into how many rows a piece is parted at most that is reduced. */
const MOST_ROWS = 256;

/**
 * Lowers what a graph does with vectors of the state, piece by piece in the layout that they have: takes tensors out, packs
 * them, computes elementwise, reduces. For anything else a vector is laid out as in the portable graph, and keeps its
 * layout beside that.
 */
export class BundleRewriter {
  readonly #at: Lowered;
  readonly #state: TargetState;
  readonly #rules: SegmentRules;
  readonly #laid = new Map<Value, Laid>();
  /** Those that have a plain form too. */
  readonly #plain = new Set<Value>();
  readonly #masks = new Map<Piece, Value>();
  readonly #scalars: ReadonlyMap<Value, number>;

  constructor(at: Lowered, state: TargetState, rules: SegmentRules) {
    this.#at = at;
    this.#state = state;
    this.#rules = rules;
    const single = at.graph.constants.filter(({ tensor }) => tensor.data.length === 1);
    this.#scalars = new Map(single.map(({ value, tensor }) => [value, Number(tensor.data[0])]));
  }

  /** Adds the pieces of a vector as inputs; false for an input of another kind. */
  input(input: Value): boolean {
    const bundle = this.#state.placed(input.name);
    if (bundle === undefined) return false;
    expectSize(input, bundle);
    const pieces = bundle.pieces.map(({ targetSize }, i) =>
      this.#at.b.input(pieceName(input.name, i), input.dtype, [targetSize]),
    );
    this.#laid.set(input, { bundle, pieces, padding: 0 });
    return true;
  }

  /** True where the node is done with; otherwise its vectors have plain forms. */
  lower(node: Node): boolean {
    if (this.#get(node) || this.#pack(node) || this.#reduce(node) || this.#elementwise(node)) return true;
    for (const input of node.inputs) if (input !== undefined) this.#settle(input);
    return false;
  }

  /** The results that a result of the portable graph has become. */
  outputs({ name, value }: GraphOutput): readonly GraphOutput[] {
    const bundle = this.#state.placed(name);
    if (bundle === undefined) {
      this.#settle(value);
      return [{ name, value: this.#at.f.plain(value) }];
    }
    expectSize(value, bundle);
    const laid = this.#inLayout(value, bundle);
    return laid.pieces.map((_, i) => ({ name: pieceName(name, i), value: this.#filled(laid, i, 0) }));
  }

  #get({ op, inputs: [flat], outputs: [value], attrs }: Node): boolean {
    const laid = flat && this.#laid.get(flat);
    if (op.name !== 'BundleGet' || laid === undefined || value === undefined) return false;
    const segment = laid.bundle.segments.find(({ offset }) => offset === attrs['offset']);
    if (segment === undefined || !sameShape(segment.shape, value.shape)) return false;
    this.#cut(laid, segment, value);
    return true;
  }

  #pack(node: Node): boolean {
    const { op, inputs, outputs, attrs } = node;
    const [out] = outputs;
    const bundle = this.#state.placed(String(attrs['bundle']));
    if (op.name !== 'BundlePack' || bundle === undefined || out === undefined) return false;
    expectSize(out, bundle);
    this.#laid.set(
      out,
      this.#join(bundle, localName(node), (segment, i) => {
        const value = inputs[i];
        assert(
          value !== undefined && sameShape(value.shape, segment.shape),
          `${node.name}: no '${segment.name}'`,
        );
        return value;
      }),
    );
    return true;
  }

  /** The same for each piece; scalars are the same for all of them, other vectors are laid out likewise. */
  #elementwise(node: Node): boolean {
    const [out] = node.outputs;
    const given = node.inputs.flatMap((input) => input ?? []);
    const bundle = given.flatMap((input) => this.#laid.get(input)?.bundle ?? [])[0];
    if (bundle === undefined || out?.shape.length !== 1 || !isElementwise(node)) return false;
    const isScalar = (input: Value): boolean => !this.#laid.has(input) && staticSize(input.shape) === 1;
    const fits = (input: Value): boolean =>
      isScalar(input) ||
      this.#laid.get(input)?.bundle === bundle ||
      (input.dtype === 'float32' && sameShape(input.shape, out.shape));
    if (!given.every(fits)) return false;
    const operands = node.inputs.map((input) =>
      input === undefined || isScalar(input) ? undefined : this.#inLayout(input, bundle),
    );
    const pieces = bundle.pieces.map((_, i) =>
      this.#at.b.emit(
        node.op,
        node.inputs.map((input, k) => operands[k]?.pieces[i] ?? (input && this.#at.f.plain(input))),
        node.attrs,
        `${localName(node)}.${i}`,
      ),
    );
    const padding = paddingOf(
      node.op.name,
      node.inputs.map((input, k) => {
        const laid = operands[k];
        return laid === undefined
          ? { isScalar: true, number: input && this.#scalars.get(input) }
          : { isScalar: false, number: laid.padding };
      }),
    );
    this.#laid.set(out, { bundle, pieces, padding });
    return true;
  }

  /** Sum, mean or maximum of a whole vector: of each piece, then of what they give. */
  #reduce(node: Node): boolean {
    const { b, f } = this.#at;
    const [x] = node.inputs;
    const [out] = node.outputs;
    const laid = x && this.#laid.get(x);
    const isMax = node.op.name === 'ReduceMax';
    if (laid === undefined || out === undefined || x?.dtype !== 'float32') return false;
    if (!isMax && node.op.name !== 'ReduceSum' && node.op.name !== 'ReduceMean') return false;
    const op = isMax ? ops.ReduceMax : ops.ReduceSum;
    const name = localName(node);
    // One number at a time keeps one thread or work group busy, several rows as many.
    const parts = laid.bundle.pieces.map(({ targetSize }, i) => {
      const rows = commonDivisor(targetSize, MOST_ROWS);
      const lines = b.reshape(this.#filled(laid, i, isMax ? -Infinity : 0), [rows, targetSize / rows]);
      return b.emit(op, [lines], { axes: [1], keepdims: 0 }, `${name}.${i}`);
    });
    const whole = b.emit(op, [b.concat(parts, 0)], { axes: [0], keepdims: node.attrs['keepdims'] }, name);
    f.set(out, { plain: node.op.name === 'ReduceMean' ? b.div(whole, laid.bundle.size) : whole });
    return true;
  }

  #settle(value: Value): void {
    const laid = this.#laid.get(value);
    if (laid === undefined || this.#plain.has(value)) return;
    const { b, f } = this.#at;
    const { bundle, pieces } = laid;
    // What lies between the channels of groups is summed away: it must be zero, and of a kind of which there are sums.
    const isGrouped = bundle.segments.some(({ kind }) => typeof kind === 'object' && kind.group > 1);
    const isSummed = isGrouped && value.dtype !== 'float32';
    const summed = { ...laid, pieces: isSummed ? pieces.map((piece) => b.cast(piece, 'float64')) : pieces };
    const clean = summed.pieces.map((piece, i) => (isGrouped ? this.#filled(summed, i, 0) : piece));
    const parts = bundle.segments.map((segment) => {
      const tensor = {
        name: segment.name,
        dtype: isSummed ? 'float64' : value.dtype,
        shape: segment.shape,
      } as const;
      this.#cut({ ...laid, pieces: clean }, segment, tensor);
      return b.reshape(f.plain(tensor), [segment.size]);
    });
    f.set(value, { plain: b.cast(b.concat(parts, 0, value.name), value.dtype) });
    this.#plain.add(value);
  }

  /** A float32 vector in the layout of a bundle, whatever it has. */
  #inLayout(value: Value, bundle: PlacedBundle): Laid {
    const known = this.#laid.get(value);
    if (known?.bundle === bundle) return known;
    this.#settle(value);
    const { b, f } = this.#at;
    const flat = f.plain(value);
    const laid = this.#join(bundle, 'laid', ({ name, shape, offset, size }) => {
      const part = b.slice(flat, { axes: [0], starts: [offset], ends: [offset + size] });
      const tensor = { name, dtype: value.dtype, shape };
      f.set(tensor, { plain: b.reshape(part, shape) });
      return tensor;
    });
    if (known === undefined) this.#laid.set(value, laid);
    this.#plain.add(value);
    return laid;
  }

  #cut({ bundle, pieces }: Laid, segment: Segment, value: Value): void {
    const index = bundle.pieces.findIndex(({ segments }) => segments.includes(segment));
    const piece = bundle.pieces[index];
    const whole = pieces[index];
    assert(piece !== undefined && whole !== undefined, `'${segment.name}' is in no piece`);
    const start = segment.targetOffset - piece.targetOffset;
    const range = { axes: [0], starts: [start], ends: [start + segment.targetSize] };
    const name = `${segment.name.split('.').at(-1) ?? ''}.flat`;
    this.#rules.cut(
      value,
      segment,
      piece.segments.length === 1 ? whole : this.#at.b.slice(whole, range, name),
    );
  }

  #join(bundle: PlacedBundle, name: string, tensorOf: (segment: Segment, index: number) => Value): Laid {
    const { b } = this.#at;
    const flat = new Map(
      bundle.segments.map((segment, i) => {
        const part = this.#rules.part(tensorOf(segment, i), segment);
        return [segment, b.reshape(part, [segment.targetSize])] as const;
      }),
    );
    const pieces = bundle.pieces.map(({ segments }, i) =>
      b.concat(
        segments.flatMap((segment) => flat.get(segment) ?? []),
        0,
        `${name}.${i}`,
      ),
    );
    return { bundle, pieces, padding: 0 };
  }

  /** A piece whose blocks are filled up with this number. */
  #filled({ bundle, pieces, padding }: Laid, index: number, number: number): Value {
    const [piece, place] = [pieces[index], bundle.pieces[index]];
    assert(piece !== undefined && place !== undefined, `no piece ${index}`);
    const own = place.segments.reduce((sum, { size }) => sum + size, 0);
    if (padding === number || own === place.targetSize) return piece;
    const { b } = this.#at;
    const mask = this.#masks.get(place) ?? b.constant(maskOf(place, bundle.block), 'own');
    this.#masks.set(place, mask);
    return b.where(mask, piece, b.scalar(number, piece.dtype), 'filled');
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Where a piece has elements of tensors. */
function maskOf(
  { targetOffset, targetSize, segments }: Piece,
  block: number,
): Parameters<Builder['constant']>[0] {
  const own = new Float32Array(targetSize);
  for (const segment of segments) {
    const at = { ...segment, offset: 0, targetOffset: segment.targetOffset - targetOffset };
    moveSegment(at, block, 'in', new Float32Array(segment.size).fill(1), own);
  }
  return { dtype: 'bool', shape: [targetSize], data: Uint8Array.from(own) };
}

function expectSize(value: Value, { size }: PlacedBundle): void {
  const fits = value.dtype === 'float32' && sameShape(value.shape, [size]);
  assert(
    fits,
    `'${value.name}': expected a vector of ${size} elements for the layout, got [${value.shape.join()}]`,
  );
}
