import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batches,
  mixBatch,
  mixedBatches,
  type Batch,
  type BatchMixing,
  type BatchStream,
} from '../../src/data/index.js';
import { symmetricBeta } from '../../src/data/beta.js';
import { boxAround, mixImages, mixLabels, type MixableBatch } from '../../src/data/mix-images.js';
import { randomStream } from '../../src/data/random.js';
import { OptionError } from '../../src/errors.js';
import { fill } from '../helpers/golden.js';
import { smallSet } from './helpers.js';

const shape = [2, 4, 6] as const;
const area = 2 * 4 * 6;

/** A batch of make.py, of this many images. */
const batchOf = (size: number): MixableBatch => ({
  size,
  images: Float32Array.from(fill(3, size * area)),
  labels: Int32Array.from({ length: size }, (_, i) => (i * 2) % 3),
});

interface MixedCase {
  readonly kind: 'mixup' | 'cutmix';
  readonly lambda: number;
  readonly centre: readonly [x: number, y: number];
  readonly images: readonly number[];
  readonly targets: readonly number[];
}

const file = new URL('../golden/soft-targets/soft-targets.json', import.meta.url);
const { mixed } = JSON.parse(readFileSync(file, 'utf8')) as { readonly mixed: readonly MixedCase[] };

test.each(mixed)("torchvision's $kind with lambda $lambda around $centre, bit for bit", (expected) => {
  const { kind, lambda, centre } = expected;
  const batch = batchOf(3);
  const mix = kind === 'mixup' ? { lambda } : boxAround(lambda, centre, shape);
  const targets = new Float32Array(9);
  mixLabels(targets, batch.labels, 3, mix.lambda);
  mixImages(batch, mix, shape);
  expect(batch.images).toEqual(Float32Array.from(expected.images));
  expect(targets).toEqual(Float32Array.from(expected.targets));
});

describe('Beta(alpha, alpha)', () => {
  /**
   * Its distribution function: x^a / (a B) F(a, 1 - a; a + 1; x) up to 1/2, where it is 1/2, and mirrored above.
   * https://dlmf.nist.gov/8.17.E7
   */
  const cdf = (a: number, x: number): number => {
    if (x > 0.5) return 1 - cdf(a, 1 - x);
    const unscaled = (at: number): number => {
      let [term, sum] = [1, 1];
      for (let n = 0; n < 80; n++) {
        term *= (((a + n) * (1 - a + n)) / (a + 1 + n) / (n + 1)) * at;
        sum += term;
      }
      return at ** a * sum;
    };
    return unscaled(x) / (2 * unscaled(0.5));
  };

  test('the distribution function of this test is right where there is a formula', () => {
    for (const x of [0.001, 0.2, 0.5, 0.9]) {
      // 80 terms, each half of the one before at most: 2^-80.
      expect(cdf(1, x)).toBeCloseTo(x, 14);
      expect(cdf(0.5, x)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(x)), 14);
      expect(cdf(2, x)).toBeCloseTo(3 * x ** 2 - 2 * x ** 3, 14);
    }
  });

  test.each([0.05, 0.2, 0.5, 1, 4])('is what is drawn for alpha %f', (alpha) => {
    const count = 20_000;
    const random = randomStream({ seed: 5, epoch: 1, batch: 0 });
    const drawn = Float64Array.from({ length: count }, () => symmetricBeta(alpha, random)).sort();
    expect(drawn[0]).toBeGreaterThanOrEqual(0);
    expect(drawn.at(-1)).toBeLessThanOrEqual(1);
    // Kolmogorov and Smirnov: a right sampler exceeds 1.95 / sqrt(n) once in 1,000 seeds. Ties of the grid's ends, where small
    // alphas put several percent, are looked at from above, as the distribution function counts what is at x.
    let worst = 0;
    drawn.forEach((x, i) => {
      if (drawn[i + 1] === x) return;
      const edge = x === 1 ? 1 : cdf(alpha, x + 2 ** -25);
      worst = Math.max(worst, Math.abs((i + 1) / count - edge));
    });
    expect(worst).toBeLessThan(1.95 / Math.sqrt(count));
  });

  test('quantiles', () => {
    // The share of a sample of n below a quantile has the standard error sqrt(p (1 - p) / n), 0.0035 at most; four of them.
    const quantile = (alpha: number, share: number): number => {
      const random = randomStream({ seed: 6, epoch: 0, batch: 1 });
      const drawn = Float64Array.from({ length: 20_000 }, () => symmetricBeta(alpha, random)).sort();
      return drawn[Math.floor(share * 20_000)] ?? NaN;
    };
    for (const share of [0.1, 0.25, 0.5, 0.75, 0.9]) {
      expect(Math.abs(quantile(1, share) - share)).toBeLessThan(0.014);
      expect(Math.abs(cdf(0.2, quantile(0.2, share)) - share)).toBeLessThan(0.014);
    }
  });

  test('is a multiple of 2^-24, whatever alpha is', () => {
    const alphas = fc.oneof(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), fc.constantFrom(0.2, 1));
    fc.assert(
      fc.property(alphas, fc.nat(), (alpha, batch) => {
        const lambda = symmetricBeta(alpha, randomStream({ seed: 1, epoch: 1, batch }));
        expect(lambda).toBeGreaterThanOrEqual(0);
        expect(lambda).toBeLessThanOrEqual(1);
        expect(Number.isInteger(lambda * 2 ** 24)).toBe(true);
        expect([Math.fround(lambda), Math.fround(1 - lambda)]).toEqual([lambda, 1 - lambda]);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  test('stays the same in all versions and on all platforms', () => {
    const draw = (alpha: number): number[] =>
      Array.from({ length: 4 }, (_, batch) =>
        symmetricBeta(alpha, randomStream({ seed: 1, epoch: 2, batch })),
      );
    expect(draw(0.2)).toMatchInlineSnapshot(`
      [
        0.44718635082244873,
        0.7064452171325684,
        0.9999999403953552,
        0.13656020164489746,
      ]
    `);
    expect(draw(1)).toMatchInlineSnapshot(`
      [
        0.4796088933944702,
        0.5409048795700073,
        0.98167484998703,
        0.4104495048522949,
      ]
    `);
  });
});

describe('streams', () => {
  test('of a batch, an image and an order are three, and each batch has its own', () => {
    const first = (stream: Parameters<typeof randomStream>[0]): string => {
      const random = randomStream(stream);
      return [random.next(), random.next(), random.next()].join();
    };
    const all = [0, 1].flatMap((seed) =>
      [0, 1].flatMap((epoch) => [
        first({ seed, epoch }),
        ...[0, 1, 2].flatMap((at) => [first({ seed, epoch, index: at }), first({ seed, epoch, batch: at })]),
      ]),
    );
    expect(new Set(all).size).toBe(28);
  });
});

/** A batch, mixed in one way. */
function mixOf(mixing: Omit<BatchMixing, 'classes'>, stream: Partial<BatchStream> = {}, size = 5) {
  const batch = batchOf(size);
  const of = { seed: 1, epoch: 1, batch: 0, ...stream };
  const targets = mixBatch(batch, { ...mixing, classes: 3 }, shape, of);
  return { ...batch, targets };
}

describe('a mixed batch', () => {
  test('keeps its labels, and its targets are probabilities', () => {
    for (let batch = 0; batch < 20; batch++) {
      const { labels, targets } = mixOf({ mixup: 0.4, cutmix: 1 }, { batch });
      expect(labels).toEqual(batchOf(5).labels);
      for (let i = 0; i < 5; i++) {
        const row = targets.subarray(3 * i, 3 * i + 3);
        // Two numbers of float32, each off by 2^-25.
        expect(Math.abs(row.reduce((sum, p) => sum + p) - 1)).toBeLessThan(2 ** -23);
        const mixed = [labels.at(i), labels.at(i - 1)];
        row.forEach((p, label) => {
          if (!mixed.includes(label)) expect(p).toBe(0);
        });
      }
    }
  });

  test('is the same for the same stream, another for each seed, epoch and batch', () => {
    const text = (stream: Partial<BatchStream>): string => mixOf({ mixup: 1 }, stream).targets.join();
    expect(text({})).toBe(text({}));
    const others = [{}, { seed: 2 }, { seed: 1 + 2 ** 32 }, { epoch: 2 }, { batch: 1 }].map(text);
    expect(new Set(others).size).toBe(5);
  });

  test('has one way or the other, with equal chances where both are given', () => {
    const original = batchOf(5).images;
    const all = Array.from({ length: 400 }, (_, batch) => {
      const found = mixOf({ mixup: 1, cutmix: 1 }, { batch });
      // A cut image has pixels of its own or of the one before, a mixed one neither.
      const isCut = found.images.every(
        (value, at) => value === original[at] || value === original.at(at - area),
      );
      const alone = mixOf(isCut ? { cutmix: 1 } : { mixup: 1 }, { batch });
      expect(found).toEqual(alone);
      return isCut;
    });
    // Binomial, n = 400: sigma is 10.
    expect(Math.abs(all.filter((isCut) => isCut).length - 200)).toBeLessThan(40);
  });

  test('of one image stays as it is', () => {
    for (const mixing of [{ mixup: 1 }, { cutmix: 1 }, { mixup: 1, cutmix: 1 }]) {
      const { images, targets } = mixOf(mixing, {}, 1);
      expect(images).toEqual(batchOf(1).images);
      expect([...targets]).toEqual([1, 0, 0]);
    }
  });

  test('writes into given memory and leaves the rest of it', () => {
    const out = new Float32Array(20).fill(9);
    const targets = mixBatch(
      batchOf(5),
      { mixup: 1, classes: 3 },
      shape,
      { seed: 1, epoch: 1, batch: 0 },
      out,
    );
    expect(targets).toEqual(mixOf({ mixup: 1 }).targets);
    expect(targets.buffer).toBe(out.buffer);
    expect([...out.subarray(15)]).toEqual([9, 9, 9, 9, 9]);
  });

  const given = { seed: 0, epoch: 0, batch: 0 };
  test.each<readonly [string, () => unknown, string]>([
    ['no way', () => mixOf({}), 'mix: expected mixup, cutmix or both, got neither'],
    ['mixup 0', () => mixOf({ mixup: 0 }), 'mixup: expected a finite number above 0, got 0'],
    ['cutmix NaN', () => mixOf({ cutmix: NaN }), 'cutmix: expected a finite number above 0, got NaN'],
    [
      'too few classes',
      () => mixBatch(batchOf(5), { mixup: 1, classes: 2 }, shape, given),
      'labels: expected whole numbers from 0 to 1, got 2',
    ],
    [
      'another shape',
      () => mixBatch(batchOf(5), { mixup: 1, classes: 3 }, [2, 4, 5], given),
      'images: expected 200 numbers, got 240',
    ],
    [
      'too little memory',
      () => mixBatch(batchOf(5), { mixup: 1, classes: 3 }, shape, given, new Float32Array(14)),
      'out: expected at least 15 elements, got 14',
    ],
  ])('is refused: %s', (_, mix, message) => {
    expect(mix).toThrow(OptionError);
    expect(mix).toThrow(message);
  });
});

describe('mixed batches of an epoch', () => {
  const set = smallSet(10);
  const size = set.shape;
  const mix = { mixup: 1, classes: 10 };
  const collect = async (
    source: AsyncIterable<Pick<Batch, 'images' | 'targets' | 'index'>>,
  ): Promise<unknown[]> => {
    const all: unknown[] = [];
    for await (const { images, targets, index } of source)
      all.push({ index, images: images.slice(), targets: targets?.slice() });
    return all;
  };
  const stream = { seed: 4, epoch: 2 };

  test('are those of a source that mixes them itself, from any batch on', async () => {
    const options = { batchSize: 4, shuffle: true, ...stream };
    const expected = await collect(mixedBatches(batches(set, options), mix, size, stream));
    expect(expected).toHaveLength(3);
    const own: (Batch & { targets: Float32Array })[] = [];
    for await (const batch of batches(set, options)) {
      own.push({ ...batch, targets: mixBatch(batch, mix, size, { ...stream, batch: batch.index }) });
    }
    expect(await collect(mixedBatches(own, mix, size, stream))).toEqual(expected);
    const rest = mixedBatches(batches(set, { ...options, reuse: true, from: 1 }), mix, size, stream);
    expect(await collect(rest)).toEqual(expected.slice(1));
  });
});
