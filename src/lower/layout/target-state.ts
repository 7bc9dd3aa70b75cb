import type { Bundle, Slot, TensorData } from '../../ir/index.js';
import { moveSegment } from './move-segment.js';
import { placeBundle, type PlacedBundle, type SegmentKind } from './placed-bundle.js';

/**
 * How the vectors of a run (parameters, gradient, moments, buffers, frozen weights) lie in the graphs of a target, by their
 * names; `params_next` lies like `params`. One for all graphs of a run, made before any of them is lowered. A vector that
 * lies as in the portable graph is handed on as it is.
 */
export interface TargetState {
  /** Elements of the vector in the target's layout. */
  size(name: string, portable: number): number;
  /** A portable vector in the target's layout; elements that fill up blocks are zero, and stay zero in training. */
  toTarget(name: string, flat: Float32Array): Float32Array;
  /** The inverse of `toTarget`: for checkpoints. */
  fromTarget(name: string, target: Float32Array): Float32Array;
  /**
   * The inputs that make up a vector, as views of it: each large tensor is one, and all small ones are one; or, with a
   * suffix such as `_next`, the outputs.
   */
  tensors(name: string, target: Float32Array, suffix?: string): Readonly<Record<string, TensorData>>;
  /** Where the tensors of a vector lie; undefined where it lies as in the portable graph. */
  placed(name: string): PlacedBundle | undefined;
}

/** The vectors of a run by name, each with the bundle that it is: Adam's `first_moment` is one of `params`. */
export type VectorBundles = Readonly<Record<string, Bundle>>;

/** The name of one piece of a vector among a graph's inputs or outputs. */
export function pieceName(name: string, index: number): string {
  return `${name}.${index}`;
}

/** Lays out the vectors of a run; `kindOf` says how the target wants each tensor of a bundle. */
export function placeState(
  vectors: VectorBundles,
  block: number,
  kindOf: (bundle: Bundle, slot: Slot) => SegmentKind,
): TargetState {
  const byBundle = new Map<Bundle, PlacedBundle | undefined>();
  for (const bundle of Object.values(vectors)) {
    if (!byBundle.has(bundle))
      byBundle.set(
        bundle,
        placeBundle(bundle, block, (slot) => kindOf(bundle, slot)),
      );
  }
  const placed = (name: string): PlacedBundle | undefined => {
    const bundle = vectors[name.replace(/_next$/, '')];
    return bundle && byBundle.get(bundle);
  };
  return {
    placed,
    size: (name, portable) => placed(name)?.targetSize ?? portable,
    toTarget(name, flat) {
      const bundle = placed(name);
      if (bundle === undefined) return flat;
      const target = new Float32Array(bundle.targetSize);
      // Moments that are zero lie in pages that nobody has touched, and so they may stay.
      if (!isBlank(flat))
        for (const segment of bundle.segments) moveSegment(segment, block, 'in', flat, target);
      return target;
    },
    fromTarget(name, target) {
      const bundle = placed(name);
      if (bundle === undefined) return target;
      const flat = new Float32Array(bundle.size);
      if (!isBlank(target))
        for (const segment of bundle.segments) moveSegment(segment, block, 'out', flat, target);
      return flat;
    },
    tensors(name, target, suffix = '') {
      const bundle = placed(name);
      const whole = { dtype: 'float32', shape: [target.length], data: target } as const;
      if (bundle === undefined) return { [`${name}${suffix}`]: whole };
      return Object.fromEntries(
        bundle.pieces.map(({ targetOffset, targetSize }, i) => {
          const data = target.subarray(targetOffset, targetOffset + targetSize);
          return [pieceName(`${name}${suffix}`, i), { dtype: 'float32', shape: [targetSize], data }] as const;
        }),
      );
    },
  };
}

/** The layout of a target that takes the vectors as they are. */
export const portableState: TargetState = placeState({}, 1, () => 'plain');

/** Whether all elements are 0, and none is -0. */
function isBlank({ buffer, byteOffset, length }: Float32Array): boolean {
  const bits = new Int32Array(buffer, byteOffset, length);
  for (let i = 0; i < length; i++) if (bits[i] !== 0) return false;
  return true;
}
