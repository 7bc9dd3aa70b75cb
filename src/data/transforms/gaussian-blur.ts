import * as v from 'valibot';
import { number, object, optional, said } from '../../schema.js';
import type { Picture } from '../picture.js';
import { seen } from './crop.js';
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

/** Blurred by a kernel along x and along y; what lies outside is mirrored, c b | a b c d | c b. */
export function blurred(picture: Picture, size: number, sigma: number): Picture {
  const { data, channels, height, width } = picture;
  const kernel = gaussianKernel(size, sigma);
  const half = size >> 1;
  const stride = width * channels;
  // One row with what is mirrored on both sides.
  const line = new Float64Array((width + 2 * half) * channels);
  const columns = Int32Array.from({ length: width + 2 * half }, (_, x) => seen(x - half, width, 'reflect'));
  const across = new Float64Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0, to = 0; x < columns.length; x++) {
      const from = y * stride + (columns[x] as number) * channels;
      for (let c = 0; c < channels; c++) line[to++] = data[from + c] as number;
    }
    for (let i = 0; i < stride; i++) {
      let sum = 0;
      for (let k = 0, p = i; k < size; k++, p += channels) sum += (line[p] as number) * (kernel[k] as number);
      across[at++] = sum;
    }
  }
  const out = new Uint8Array(data.length);
  const sums = new Float64Array(stride);
  for (let y = 0, at = 0; y < height; y++) {
    sums.fill(0);
    for (let k = 0; k < size; k++) {
      const weight = kernel[k] as number;
      const row = seen(y + k - half, height, 'reflect') * stride;
      for (let i = 0; i < stride; i++) sums[i] = (sums[i] as number) + (across[row + i] as number) * weight;
    }
    for (let i = 0; i < stride; i++) out[at++] = roundEven(sums[i] as number);
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
