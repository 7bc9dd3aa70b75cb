import { normalizationProblem } from '../checks.js';
import { OptionError } from '../errors.js';
import type { Dataset } from './dataset.js';

/** How pixels become numbers: x = (pixel / 255 - mean) / std. */
export interface Normalization {
  /** Mean of each channel after division by 255; 0 unless given. */
  readonly mean?: readonly number[];
  /** Standard deviation of each channel after division by 255; 1 unless given. */
  readonly std?: readonly number[];
}

/** Images read at a time. */
const AT_ONCE = 64;

/**
 * Mean and standard deviation (of the population) of each channel over all pixels, after division by 255: what makes
 * the training set have mean 0 and variance 1. Exact, as it counts how often each of the 256 values occurs.
 *
 * @returns `mean` and `std`, one number for each channel. A channel of one value only has std 0, which `batches` refuses.
 * @example
 * for await (const batch of batches(train, { batchSize: 128, ...(await channelStatistics(train)) })) await step(batch);
 */
export async function channelStatistics(dataset: Dataset): Promise<Required<Normalization>> {
  const { count, shape } = dataset;
  const [channels, height, width] = shape;
  const area = height * width;
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  const pixels = new Uint8Array(Math.min(count, AT_ONCE) * channels * area);
  const labels = new Int32Array(Math.min(count, AT_ONCE));
  for (let start = 0; start < count; start += AT_ONCE) {
    const indices = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, i) => start + i);
    await dataset.read(indices, { pixels, labels });
    let from = 0;
    for (let item = 0; item < indices.length; item++) {
      for (const histogram of counts) {
        for (const end = from + area; from < end; from++) {
          const pixel = pixels[from] ?? 0;
          histogram[pixel] = (histogram[pixel] ?? 0) + 1;
        }
      }
    }
  }
  const total = count * area;
  const mean = counts.map((histogram) => histogram.reduce((sum, n, v) => sum + n * v, 0) / total);
  const std = counts.map((histogram, c) => {
    const mu = mean[c] ?? 0;
    return Math.sqrt(histogram.reduce((sum, n, v) => sum + n * (v - mu) ** 2, 0) / total) / 255;
  });
  return { mean: mean.map((mu) => mu / 255), std };
}

/**
 * Throws OptionError unless mean and std, where given, have one number for each channel: a mean of at most 1, a standard
 * deviation above 0 and at most 1. For numbers of pixels 0..255 it says what they are after the division by 255.
 *
 * @example
 * checkNormalization({ mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26] }, 3);
 */
export function checkNormalization(normalization: Normalization, channels: number): void {
  const problem = normalizationProblem(normalization, channels);
  if (problem === undefined) return;
  throw new OptionError(`${problem.option}: expected ${problem.expected}, got [${problem.got.join(', ')}]`);
}

/** For each channel, the 256 values that its pixels can take. OptionError as `checkNormalization`. */
export function lookupTables(channels: number, normalization: Normalization): readonly Float32Array[] {
  checkNormalization(normalization, channels);
  const { mean = new Array<number>(channels).fill(0), std = new Array<number>(channels).fill(1) } =
    normalization;
  const f = Math.fround;
  return mean.map((mu, c) =>
    Float32Array.from({ length: 256 }, (_, pixel) => f(f(pixel / 255) - f(mu)) / f(std[c] ?? 1)),
  );
}
