import { at, product, zeros, type NdArray } from './array.js';
import { input, type Kernel, type KernelContext } from './kernel.js';

/** A floating-point attribute. */
function floatAttr({ attrs }: KernelContext, name: string): number {
  const value = attrs[name];
  if (typeof value !== 'number') throw new TypeError(`reference: attribute ${name} is not a number`);
  return value;
}

/** The values of each channel of x [N,C,...], as flat positions. */
function byChannel(x: NdArray): number[][] {
  const [channels, pixels] = [at(x.shape, 1), product(x.shape.slice(2))];
  const out = Array.from({ length: channels }, (): number[] => []);
  for (let i = 0; i < x.data.length; i++) out[Math.floor(i / pixels) % channels]?.push(i);
  return out;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const vector = (values: readonly number[]): NdArray => ({
  shape: [values.length],
  data: Float64Array.from(values),
});

/** y_c = (x_c - mean_c) / sqrt(var_c + eps) scale_c + bias_c, as the paper writes it. */
function normalise(
  x: NdArray,
  scale: NdArray,
  bias: NdArray,
  means: readonly number[],
  deviations: readonly number[],
): NdArray {
  const y = zeros(x.shape);
  byChannel(x).forEach((positions, c) => {
    for (const i of positions) {
      y.data[i] = ((at(x.data, i) - at(means, c)) / at(deviations, c)) * at(scale.data, c) + at(bias.data, c);
    }
  });
  return y;
}

const batchNormTrain: Kernel = (context) => {
  const [x, scale, bias] = [input(context, 0), input(context, 1), input(context, 2)];
  const [runningMean, runningVar] = [input(context, 3), input(context, 4)];
  const [momentum, eps] = [floatAttr(context, 'momentum'), floatAttr(context, 'eps')];
  const channels = byChannel(x).map((positions) => positions.map((i) => at(x.data, i)));
  const means = channels.map((values) => sum(values) / values.length);
  const squares = channels.map((values, c) => sum(values.map((v) => (v - at(means, c)) ** 2)));
  const deviations = squares.map((s, c) => Math.sqrt(s / (channels[c]?.length ?? 0) + eps));
  const moved = (running: NdArray, batch: readonly number[]): NdArray =>
    vector(batch.map((value, c) => (1 - momentum) * at(running.data, c) + momentum * value));
  return [
    normalise(x, scale, bias, means, deviations),
    vector(means),
    vector(deviations.map((d) => 1 / d)),
    moved(runningMean, means),
    moved(
      runningVar,
      squares.map((s, c) => s / ((channels[c]?.length ?? 0) - 1)),
    ),
  ];
};

const batchNormalization: Kernel = (context) => {
  const [x, scale, bias] = [input(context, 0), input(context, 1), input(context, 2)];
  const [mean, variance] = [input(context, 3), input(context, 4)];
  const deviations = Array.from(variance.data, (v) => Math.sqrt(v + floatAttr(context, 'epsilon')));
  return [normalise(x, scale, bias, Array.from(mean.data), deviations)];
};

/**
 * By the chain rule of the paper (section 3), through the variance and the mean one after the other, not by the
 * closed form that the operator has.
 */
const batchNormGrad: Kernel = (context) => {
  const [x, mean, invStd] = [input(context, 0), input(context, 1), input(context, 2)];
  const [scale, dy] = [input(context, 3), input(context, 4)];
  const dx = zeros(x.shape);
  const [dscale, dbias]: [number[], number[]] = [[], []];
  byChannel(x).forEach((positions, c) => {
    const [mu, inv, n] = [at(mean.data, c), at(invStd.data, c), positions.length];
    const centred = positions.map((i) => at(x.data, i) - mu);
    const dxh = positions.map((i) => at(dy.data, i) * at(scale.data, c));
    const dvar = sum(dxh.map((d, k) => d * at(centred, k) * -0.5 * inv ** 3));
    const dmean = sum(dxh.map((d) => -d * inv)) + (dvar * sum(centred.map((v) => -2 * v))) / n;
    positions.forEach((i, k) => {
      dx.data[i] = at(dxh, k) * inv + (dvar * 2 * at(centred, k)) / n + dmean / n;
    });
    dscale.push(sum(positions.map((i, k) => at(dy.data, i) * at(centred, k) * inv)));
    dbias.push(sum(positions.map((i) => at(dy.data, i))));
  });
  return [dx, vector(dscale), vector(dbias)];
};

/** Three times h (2h + 1) modulo 2^32, between them h += h / 2^16, division towards 0. */
function mix(h: number): number {
  const permute = (v: number): number => Math.imul(v, (2 * v + 1) | 0);
  const fold = (v: number): number => (v + Math.trunc(v / 65536)) | 0;
  return permute(fold(permute(fold(permute(h)))));
}

const dropoutMask: Kernel = (context) => {
  const [x, step] = [input(context, 0), at(input(context, 1).data, 0)];
  const [ratio, seed] = [floatAttr(context, 'ratio'), floatAttr(context, 'seed')];
  const key = mix((Math.imul(step, 0x9e3779b1) + seed) | 0);
  const mask = x.data.map((_, i) => {
    const uniform = (mix((Math.imul(i, 0x9e3779b1) + key) | 0) + 2 ** 31) / 2 ** 32;
    return uniform < ratio ? 0 : 1 / (1 - ratio);
  });
  return [{ shape: x.shape, data: mask }];
};

export const norms: Readonly<Record<string, Kernel>> = {
  BatchNormTrain: batchNormTrain,
  BatchNormGrad: batchNormGrad,
  BatchNormalization: batchNormalization,
  DropoutMask: dropoutMask,
};
