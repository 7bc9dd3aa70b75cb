import type { Bundle, Slot } from '../../ir/index.js';
import { roundUp, weightShape, type WeightLayout } from './weight-layout.js';

/** How a tensor of a bundle lies in the target's vector: a weight in the layout of its convolutions. */
export type SegmentKind = 'plain' | 'vector' | WeightLayout;

/** Elements from which on a tensor is an input of its own: below, inputs would cost more than cutting. */
const OWN_PIECE = 16_384;

/** One tensor of a bundle. */
export interface Segment extends Slot {
  readonly kind: SegmentKind;
  /** Where it lies in the target's vector. */
  readonly targetOffset: number;
  readonly targetSize: number;
}

/**
 * What a lowered graph has as one input: a large tensor, or all the small ones; as a vector, for ONNX Runtime multiplies
 * [2048,1024,1,1] by a scalar 20 times slower than [2097152].
 */
export interface Piece {
  readonly targetOffset: number;
  readonly targetSize: number;
  readonly segments: readonly Segment[];
}

/** A bundle in the target's layout. */
export interface PlacedBundle {
  /** Channels in a block. */
  readonly block: number;
  readonly size: number;
  readonly targetSize: number;
  /** In the order of the bundle. */
  readonly segments: readonly Segment[];
  /** In the order of the target's vector. */
  readonly pieces: readonly Piece[];
}

/**
 * Large tensors first, each a piece, the last layer's first as its gradient comes first; then the small ones as one.
 * Undefined where the vector lies as it is anyway.
 */
export function placeBundle(
  { slots, size }: Bundle,
  block: number,
  kindOf: (slot: Slot) => SegmentKind,
): PlacedBundle | undefined {
  const sized = slots.map((slot) => {
    const kind = kindOf(slot);
    return { ...slot, kind, targetSize: sizeInTarget(kind, slot, block) };
  });
  const isLarge = ({ targetSize }: { readonly targetSize: number }): boolean => targetSize >= OWN_PIECE;
  const groups = [
    ...sized
      .filter(isLarge)
      .toReversed()
      .map((one) => [one]),
    sized.filter((one) => !isLarge(one)),
  ].filter((group) => group.length > 0);
  const isAsItIs = groups.length === 1 && sized.every((one) => one.size === one.targetSize);
  if (sized.every(({ kind }) => kind === 'plain' || (kind === 'vector' && isAsItIs))) return undefined;
  let target = 0;
  const pieces = groups.map((group): Piece => {
    const start = target;
    const segments = group.map((one): Segment => {
      const segment = { ...one, targetOffset: target };
      target += one.targetSize;
      return segment;
    });
    return { targetOffset: start, targetSize: target - start, segments };
  });
  const segments = pieces.flatMap((piece) => piece.segments).sort((a, b) => a.offset - b.offset);
  return { block, size, targetSize: target, segments, pieces };
}

/** The shape of one segment in the target's layout. */
export function shapeInTarget(
  { kind, shape, targetSize }: Pick<Segment, 'kind' | 'shape' | 'targetSize'>,
  block: number,
): readonly number[] {
  if (kind === 'vector') return [targetSize];
  return kind === 'plain' ? shape : weightShape(shape, block, kind);
}

function sizeInTarget(kind: SegmentKind, { shape, size }: Slot, block: number): number {
  if (kind === 'plain') return size;
  if (kind === 'vector') return roundUp(size, block);
  return weightShape(shape, block, kind).reduce((product, dim) => product * dim, 1);
}
