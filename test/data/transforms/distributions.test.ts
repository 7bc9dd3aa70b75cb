import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { affine, drawAffine } from '../../../src/data/transforms/affine.js';
import { operations } from '../../../src/data/transforms/auto-augment.js';
import { colorJitter, drawJitter } from '../../../src/data/transforms/color-jitter.js';
import { below, permutation, uniform } from '../../../src/data/transforms/draw.js';
import { augmentPolicies, transformer } from '../../../src/data/transforms/index.js';
import { drawHole, randomErasing } from '../../../src/data/transforms/random-erasing.js';
import { drawPart, randomResizedCrop } from '../../../src/data/transforms/random-resized-crop.js';
import { randomStream } from '../../../src/data/random.js';
import type { Picture } from '../../../src/data/picture.js';

/** Every draw has the stream of a picture of its own, as in training. */
const DRAWS = 2000;

function draws<T>(seed: number, of: (random: ReturnType<typeof randomStream>) => T): readonly T[] {
  return Array.from({ length: DRAWS }, (_, index) => of(randomStream({ seed, epoch: 0, index })));
}

/**
 * Values against a uniform distribution, by Kolmogorov and Smirnov: the most that the share of values below x differs from
 * what it should be. Above 1.95 / sqrt(n) it does so once in a thousand times; with these seeds it does not.
 */
function expectUniform(values: readonly number[], [least, most]: readonly [number, number]): void {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const distance = sorted.reduce((far, value, i) => {
    const share = (value - least) / (most - least);
    return Math.max(far, Math.abs(share - i / n), Math.abs(share - (i + 1) / n));
  }, 0);
  expect(distance).toBeLessThan(1.95 / Math.sqrt(n));
}

/** Counts against equal ones: each within 4 standard deviations of the binomial distribution, one in 16,000 times beyond. */
function expectEqual(values: readonly (string | number)[], count: number): void {
  const counts = new Map<string | number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  expect(counts.size).toBe(count);
  const share = 1 / count;
  const deviation = Math.sqrt(values.length * share * (1 - share));
  for (const each of counts.values()) {
    expect(Math.abs(each - values.length * share)).toBeLessThan(4 * deviation);
  }
}

const defaults = v.parse(randomResizedCrop.schema, { name: 'randomResizedCrop', size: 8 });

describe('what random transforms draw', () => {
  it('numbers', () => {
    expectUniform(
      draws(1, (random) => uniform(random, [-2, 5])),
      [-2, 5],
    );
    expectEqual(
      draws(2, (random) => below(random, 7)),
      7,
    );
    expectEqual(
      draws(3, (random) => permutation(random, 4).join()),
      24,
    );
  });

  it('randomResizedCrop: area and log of the ratio uniform, and the place', () => {
    // Large, so that rounding to pixels is below what the test sees; narrow ratios and areas, so that all parts fit.
    const size = { height: 10_000, width: 10_000 };
    const parts = draws(4, (random) => drawPart(size, { scale: [0.2, 0.5], ratio: [3 / 4, 4 / 3] }, random));
    expectUniform(
      parts.map(({ height, width }) => (height * width) / 1e8),
      [0.2, 0.5],
    );
    expectUniform(
      parts.map(({ height, width }) => Math.log(width / height)),
      [Math.log(3 / 4), Math.log(4 / 3)],
    );
    expectUniform(
      parts.map(({ height, top }) => top / (1e4 - height)),
      [0, 1],
    );
    expectUniform(
      parts.map(({ width, left }) => left / (1e4 - width)),
      [0, 1],
    );
    expect([defaults.scale, defaults.ratio]).toEqual([
      [0.08, 1],
      [3 / 4, 4 / 3],
    ]);
  });

  it('randomResizedCrop: always inside, and the middle of the nearest ratio where nothing fits', () => {
    for (const [height, width, fallback] of [
      [40, 400, { top: 0, left: 173, height: 40, width: 53 }],
      [400, 40, { top: 173, left: 0, height: 53, width: 40 }],
      [1, 1, { top: 0, left: 0, height: 1, width: 1 }],
      [60, 50, undefined],
    ] as const) {
      const size = { height, width };
      for (const part of draws(5, (random) => drawPart(size, defaults, random))) {
        expect(part.top >= 0 && part.top + part.height <= height && part.height > 0).toBe(true);
        expect(part.left >= 0 && part.left + part.width <= width && part.width > 0).toBe(true);
      }
      // All of the area at a ratio that the picture has not.
      const whole = draws(6, (random) => drawPart(size, { scale: [1, 1], ratio: defaults.ratio }, random));
      if (fallback)
        expect(new Set(whole.map((part) => JSON.stringify(part)))).toEqual(
          new Set([JSON.stringify(fallback)]),
        );
    }
  });

  it('randomErasing: as often as it says, area and log of the ratio uniform, smaller than the picture', () => {
    const size = { height: 10_000, width: 10_000 };
    const spec = v.parse(randomErasing.schema, { name: 'randomErasing' });
    expect([spec.p, spec.scale, spec.ratio, spec.value]).toEqual([0.5, [0.02, 0.33], [0.3, 3.3], 0]);
    // A hole of 0.33 and ratio 3.3 is 10,436 high: within these scales all fit.
    const fits = { scale: [0.02, 0.3], ratio: spec.ratio } as const;
    const holes = draws(7, (random) => drawHole(size, fits, random)).flatMap((hole) => hole ?? []);
    expect(holes.length).toBe(DRAWS);
    expectUniform(
      holes.map(({ height, width }) => (height * width) / 1e8),
      [0.02, 0.3],
    );
    expectUniform(
      holes.map(({ height, width }) => Math.log(height / width)),
      [Math.log(0.3), Math.log(3.3)],
    );
    // Nothing smaller than one pixel fits.
    expect(
      draws(8, (random) => drawHole({ height: 1, width: 1 }, { scale: [1, 1], ratio: [1, 1] }, random)),
    ).toEqual(new Array(DRAWS).fill(undefined));
    const white: Picture = { data: new Uint8Array(400).fill(255), height: 20, width: 20, channels: 1 };
    const erase = transformer([{ name: 'randomErasing' }]);
    const erased = Array.from({ length: DRAWS }, (_, index) =>
      erase(white, { seed: 9, epoch: 0, index }).data.includes(0) ? 1 : 0,
    );
    expectEqual(erased, 2);
  });

  it('colorJitter: order, and factors within max(0, 1 - b) and 1 + b, or as given', () => {
    const spec = v.parse(colorJitter.schema, {
      name: 'colorJitter',
      brightness: 0.4,
      contrast: [0.2, 3],
      saturation: 1.5,
      hue: 0.1,
    });
    const drawn = draws(10, (random) => drawJitter(spec, random));
    expectEqual(
      drawn.map((all) => all.map(({ name }) => name).join()),
      24,
    );
    const ranges = {
      brightness: [0.6, 1.4],
      contrast: [0.2, 3],
      saturation: [0, 2.5],
      hue: [-0.1, 0.1],
    } as const;
    for (const [name, range] of Object.entries(ranges)) {
      expectUniform(
        drawn.map((all) => all.find((each) => each.name === name)?.factor ?? NaN),
        range,
      );
    }
    const some = v.parse(colorJitter.schema, { name: 'colorJitter', contrast: 0.1, hue: 0 });
    expect(
      new Set(
        draws(11, (random) =>
          drawJitter(some, random)
            .map(({ name }) => name)
            .join(),
        ),
      ),
    ).toEqual(new Set(['contrast']));
  });

  it('affine: angle, moves by whole pixels, scale and shears', () => {
    const spec = v.parse(affine.schema, {
      name: 'affine',
      degrees: 30,
      translate: [0.1, 0.5],
      scale: [0.5, 2],
      shear: [-5, 10, 20, 30],
    });
    const drawn = draws(12, (random) => drawAffine(spec, { height: 20_000, width: 100_000 }, random));
    expectUniform(
      drawn.map(({ angle }) => angle),
      [-30, 30],
    );
    for (const axis of [0, 1] as const) {
      const moves = drawn.map(({ translate }) => translate[axis]);
      expect(moves.every(Number.isInteger)).toBe(true);
      expectUniform(moves, [-10_000, 10_000]);
      expectUniform(
        drawn.map(({ shear }) => shear[axis]),
        axis === 0 ? [-5, 10] : [20, 30],
      );
    }
    expectUniform(
      drawn.map(({ scale }) => scale),
      [0.5, 2],
    );
    const alone = v.parse(affine.schema, { name: 'affine', degrees: [3, 3], shear: 4 });
    for (const { angle, translate, scale, shear } of draws(13, (random) =>
      drawAffine(alone, { height: 9, width: 9 }, random),
    )) {
      expect([angle, Math.abs(translate[0]), Math.abs(translate[1]), scale, shear[1]]).toEqual([
        3, 0, 0, 1, 0,
      ]);
      expect(Math.abs(shear[0])).toBeLessThanOrEqual(4);
    }
  });

  it('flip: in half of the cases', () => {
    const picture: Picture = { data: Uint8Array.of(0, 1), height: 1, width: 2, channels: 1 };
    const flip = transformer([{ name: 'flip' }]);
    expectEqual(
      Array.from({ length: DRAWS }, (_, index) => flip(picture, { seed: 14, epoch: 0, index }).data.join()),
      2,
    );
  });

  it('strong: every operation of TrivialAugment comes up', () => {
    // As many as there are operations with a part that differs for a picture of few pixels, and more.
    const picture: Picture = {
      data: Uint8Array.from({ length: 300 }, (_, i) => i * 7),
      height: 10,
      width: 10,
      channels: 3,
    };
    const [, , trivial] = augmentPolicies.strong([10, 10]);
    const apply = transformer(trivial ? [trivial] : []);
    const results = Array.from({ length: DRAWS }, (_, index) =>
      apply(picture, { seed: 15, epoch: 0, index }).data.join(),
    );
    expect(new Set(results).size).toBeGreaterThan(10 * operations.length);
  });
});
