/** The filters that new sizes are computed with. */
export type Resampling = 'bilinear' | 'bicubic';

/** Bits after the point of a coefficient: 32 less 8 of a sample less 2, as sums of bicubic coefficients may pass 1 and be negative. */
export const PRECISION = 22;

/** What each sample of a line of another length is made of: a sum of `count` samples from `start`, by weights. */
export interface Coefficients {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `stride` for each sample, as whole numbers of 2^-PRECISION. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** The triangle: 1 - |x|. */
const bilinear = (x: number): number => Math.max(0, 1 - Math.abs(x));

/** Keys' cubic convolution, a = -1/2. */
function bicubic(value: number): number {
  const x = Math.abs(value);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

const filters = { bilinear: { of: bilinear, support: 1 }, bicubic: { of: bicubic, support: 2 } };

/**
 * Coefficients as Pillow's `precompute_coeffs` makes them: the filter is stretched by the scale where the line gets shorter
 * (antialiasing), its weights add up to 1, and each is rounded to a whole number of 2^-22.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 */
function compute(
  from: number,
  to: number,
  { of, support: reach }: (typeof filters)[Resampling],
): Coefficients {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = reach * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Int32Array(to * stride);
  const line = new Float64Array(stride);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const weight = of((k + first - centre + 0.5) * (1 / stretch));
      line[k] = weight;
      sum += weight;
    }
    // Weights of 0 at the ends are left out.
    let skipped = 0;
    let kept = 0;
    const at = i * stride;
    for (let k = 0; k < count; k++) {
      const weight = ((line[k] as number) / sum) * 2 ** PRECISION;
      const fixed = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
      weights[at + k - skipped] = fixed;
      if (fixed !== 0) kept = k + 1 - skipped;
      else if (kept === 0) skipped++;
    }
    starts[i] = first + skipped;
    counts[i] = kept;
  }
  return { starts, counts, weights, stride };
}

/** Random crops have some hundreds of sizes, of some kilobytes each. */
const KEPT = 1024;

const kept = new Map<string, Coefficients>();

/** The coefficients from a line of `from` samples to one of `to`; those of the last sizes are kept. */
export function coefficients(from: number, to: number, resampling: Resampling): Coefficients {
  const key = `${resampling} ${from} ${to}`;
  const known = kept.get(key);
  if (known) return known;
  const made = compute(from, to, filters[resampling]);
  if (kept.size >= KEPT) kept.clear();
  kept.set(key, made);
  return made;
}
