import { describe, expect, it } from 'vitest';
import { placeState } from '../../src/lower/layout/target-state.js';
import type { SegmentKind } from '../../src/lower/layout/placed-bundle.js';
import { denseLayout, directLayout, weightIndex, weightShape } from '../../src/lower/layout/weight-layout.js';
import { bundleOf } from '../../src/ir/index.js';
import { fill } from '../helpers/golden.js';

const block = 8;
/** Groups of 2 channels and 4 filters: all four side by side fill a block of channels. */
const grouped = { direct: false, group: 4 } as const;
const tensors: readonly (readonly [SegmentKind, readonly number[], number])[] = [
  [directLayout, [20, 3, 5, 5], 24 * 3 * 25],
  ['vector', [20], 24],
  [denseLayout, [20, 17, 3, 2], 24 * 24 * 6],
  [denseLayout, [16, 24, 1, 1], 16 * 24],
  ['plain', [10, 7], 70],
  [denseLayout, [3, 8, 1, 3], 8 * 8 * 3],
  [directLayout, [16, 1, 1, 1], 16],
  [grouped, [16, 2, 3, 3], 16 * 8 * 9],
];

const bundle = bundleOf(
  'params',
  tensors.map(([, shape], i) => ({ name: String(i), shape })),
);
const kindOf = (name: string): SegmentKind => tensors[Number(name)]?.[0] ?? 'plain';
const state = placeState({ params: bundle, momentum: bundle }, block, (_, { name }) => kindOf(name));
const plan = state.placed('params');
if (plan === undefined) throw new Error('the bundle has no layout of its own');

describe('the layout of a flat vector', () => {
  const flat = Float32Array.from(fill(3, plan.size));
  const target = state.toTarget('params', flat);

  it('has every element where the blocked layout has it, and zeros beside them', () => {
    const expected = new Float32Array(plan.targetSize);
    for (const { kind, shape, offset, size, targetOffset } of plan.segments) {
      const [, c = 1, kh = 1, kw = 1] = shape;
      for (let i = 0; i < size; i++) {
        const filter = Math.floor(i / (c * kh * kw));
        const own = kind === grouped ? Math.floor(filter / 4) * c : 0;
        const channel = own + (Math.floor(i / (kh * kw)) % c);
        const place = [filter, channel, Math.floor(i / kw) % kh, i % kw] as const;
        const isWeight = kind !== 'plain' && kind !== 'vector';
        const to = isWeight ? weightIndex(place, weightShape(shape, block, kind), block, kind) : i;
        expected[targetOffset + to] = flat[offset + i] ?? NaN;
      }
    }
    expect(target).toEqual(expected);
  });

  it('comes back as it was', () => {
    expect(state.fromTarget('params', target)).toEqual(flat);
  });

  it('keeps -0 apart from 0, and zeros zero', () => {
    const minus = new Float32Array(plan.size).fill(-0);
    expect(state.fromTarget('params', state.toTarget('params', minus)).every((x) => Object.is(x, -0))).toBe(
      true,
    );
    const zeros = new Float32Array(plan.size);
    expect(state.toTarget('params', zeros)).toEqual(new Float32Array(plan.targetSize));
  });

  it('holds for the vectors that are like it, and for what a step makes of them', () => {
    for (const name of ['momentum', 'params_next', 'momentum_next']) {
      expect(state.placed(name)).toBe(plan);
      expect(state.toTarget(name, flat)).toEqual(target);
    }
  });

  it('gives each tensor the place and the size of its kind', () => {
    expect(plan.segments.map(({ kind, shape, targetSize }) => [kind, shape, targetSize])).toEqual(tensors);
    const places = plan.pieces.flatMap(({ segments }) => segments);
    let end = 0;
    for (const { targetOffset, targetSize } of places) {
      expect(targetOffset).toBe(end);
      end += targetSize;
    }
    expect(end).toBe(plan.targetSize);
    expect(new Set(places)).toEqual(new Set(plan.segments));
  });

  it('leaves a vector alone that lies as in the portable graph', () => {
    expect(state.toTarget('buffers', flat)).toBe(flat);
    expect(state.fromTarget('buffers', flat)).toBe(flat);
  });
});
