import * as v from 'valibot';
import { number, object, optional, said } from '../../schema.js';
import type { Picture } from '../picture.js';
import { uniform } from './draw.js';
import { range } from './fields.js';
import { kind } from './kind.js';
import { exp, roundEven } from './maths.js';

/**
 * Weights of a Gaussian kernel as torchvision has them: exp(-(x / sigma)^2) at `size` places from -(size - 1) / (2 sqrt 2) to
 * as much, which add up to 1.
 */
export function gaussianKernel(size: number, sigma: number): Float64Array {
  const end = (size - 1) / (2 * Math.SQRT2);
  const kernel = Float64Array.from({ length: size }, (_, i) => {
    const x = (size === 1 ? 0 : -end + (2 * end * i) / (size - 1)) / sigma;
    return exp(-x * x);
  });
  const sum = kernel.reduce((all, weight) => all + weight, 0);
  return kernel.map((weight) => weight / sum);
}

/** The place that one outside of a line mirrors: c b | a b c d | c b. */
function reflected(at: number, count: number): number {
  const period = Math.max(1, 2 * (count - 1));
  const place = ((at % period) + period) % period;
  return place < count ? place : period - place;
}

/** Blurred by a kernel along x and along y; what lies outside is mirrored. */
export function blurred(picture: Picture, size: number, sigma: number): Picture {
  const { data, channels, height, width } = picture;
  const kernel = gaussianKernel(size, sigma);
  const half = size >> 1;
  const columns = Int32Array.from({ length: width + size }, (_, x) => reflected(x - half, width) * channels);
  const rows = Int32Array.from(
    { length: height + size },
    (_, y) => reflected(y - half, height) * width * channels,
  );
  const across = new Float64Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    const row = y * width * channels;
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < size; k++) {
          sum += (data[row + (columns[x + k] as number) + c] as number) * (kernel[k] as number);
        }
        across[at++] = sum;
      }
    }
  }
  const out = new Uint8Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let i = 0; i < width * channels; i++) {
      let sum = 0;
      for (let k = 0; k < size; k++) {
        sum += (across[(rows[y + k] as number) + i] as number) * (kernel[k] as number);
      }
      out[at++] = roundEven(sum);
    }
  }
  return { ...picture, data: out };
}

/** The widest kernel: beyond it a blur is a resize. */
const WIDEST = 255;

const odd = `an odd number from 1 to ${WIDEST}`;

/** A picture blurred by a Gaussian kernel of random width. */
export const gaussianBlur = kind({
  schema: object({
    name: v.literal('gaussianBlur'),
    kernelSize: said(
      v.pipe(
        number({ whole: true, min: 1, max: WIDEST }),
        v.check((size) => size % 2 === 1, odd),
      ),
      'pixels that the kernel covers, an odd number',
    ),
    sigma: optional(
      said(
        v.union([number({ above: 0 }), range({ above: 0 })], 'a number above 0, or [least, most]'),
        'its standard deviation',
      ),
      [0.1, 2],
    ),
  }),
  isRandom: ({ sigma }) => typeof sigma !== 'number' && sigma[0] < sigma[1],
  step({ kernelSize, sigma }) {
    const sigmas = typeof sigma === 'number' ? ([sigma, sigma] as const) : sigma;
    return (picture, random) => blurred(picture, kernelSize, uniform(random, sigmas));
  },
  describe: ({ kernelSize, sigma }) =>
    `blurred over ${kernelSize} pixels (sigma ${typeof sigma === 'number' ? sigma : sigma.join(' to ')})`,
});
