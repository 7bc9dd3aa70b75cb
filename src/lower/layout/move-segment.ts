import type { Segment } from './placed-bundle.js';
import { eachFilter, groupsTogether, weightIndex, weightShape } from './weight-layout.js';

/**
 * Copies one tensor of a portable vector to its place in the target's, where zeros fill up its blocks, or back. A network has
 * tens of millions of weights, so the loops are written out: one over the elements in the order of the portable vector,
 * whose places in a block, [taps, b of C, b of K], all lie in the first cache.
 */
export function moveSegment(
  segment: Segment,
  block: number,
  way: 'in' | 'out',
  flat: Float32Array,
  target: Float32Array,
): void {
  const { offset, size, targetOffset } = segment;
  const isIn = way === 'in';
  const weight = weightOf(segment, block);
  if (weight === 'as it is') {
    if (isIn) target.set(flat.subarray(offset, offset + size), targetOffset);
    else flat.set(target.subarray(targetOffset, targetOffset + size), offset);
    return;
  }
  if (weight === 'in groups') {
    eachTap(segment, block, (plain, laid) => {
      if (isIn) target[laid] = flat[plain] as number;
      else flat[plain] = target[laid] as number;
    });
    return;
  }
  const { k, c, taps, row, column, square, channel, tap } = weight;
  for (let k0 = 0; k0 < k; k0 += block) {
    const kEnd = Math.min(k0 + block, k);
    for (let c0 = 0; c0 < c; c0 += column) {
      const cEnd = Math.min(c0 + column, c);
      const start = targetOffset + (k0 / block) * row + (c0 / column) * square;
      for (let i = k0; i < kEnd; i++) {
        let plain = offset + (i * c + c0) * taps;
        for (let j = c0; j < cEnd; j++) {
          let laid = start + (j - c0) * channel + (i - k0);
          if (isIn) for (let t = 0; t < taps; t++, laid += tap) target[laid] = flat[plain++] as number;
          else for (let t = 0; t < taps; t++, laid += tap) flat[plain++] = target[laid] as number;
        }
      }
    }
  }
}

/** Sizes of a blocked weight [K,C,kh,kw], and how far apart its elements lie in the target's vector. */
interface BlockedWeight {
  readonly k: number;
  readonly c: number;
  readonly taps: number;
  /** From one block of K to the next. */
  readonly row: number;
  /** Channels in a square: a block, or all of them where C is not blocked. */
  readonly column: number;
  /** From one block of C to the next. */
  readonly square: number;
  readonly channel: number;
  readonly tap: number;
}

/** Weights of groups that lie side by side in one block are scattered over it; they are small. */
function eachTap(segment: Segment, block: number, move: (from: number, to: number) => void): void {
  const { kind, shape, offset, targetOffset } = segment;
  if (kind === 'plain' || kind === 'vector') return;
  eachFilter(shape, block, kind, (plain, blocked, taps, step) => {
    for (let t = 0; t < taps; t++) move(offset + plain + t, targetOffset + blocked + t * step);
  });
}

function weightOf({ kind, shape }: Segment, block: number): BlockedWeight | 'as it is' | 'in groups' {
  if (kind === 'plain' || kind === 'vector') return 'as it is';
  if (groupsTogether(shape, block, kind) > 1) return 'in groups';
  const blocked = weightShape(shape, block, kind);
  const [k = 1, c = 1, kh = 1, kw = 1] = shape;
  const column = kind.direct ? c : block;
  const at = (...place: readonly [number, number, number, number]): number =>
    weightIndex(place, blocked, block, kind);
  return {
    ...{ k, c, taps: kh * kw, column },
    ...{ row: at(block, 0, 0, 0), square: at(0, column, 0, 0), channel: at(0, 1, 0, 0), tap: at(0, 0, 0, 1) },
  };
}
