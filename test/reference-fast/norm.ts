import { at, product, zeros, type NdArray } from '../reference/array.js';
import { input, type Kernel, type KernelContext } from '../reference/kernel.js';

/** Rows of x [N,C,...], one for each channel of each image: `visit` gets the channel and where the row lies. */
function eachRow({ shape }: NdArray, visit: (channel: number, start: number, end: number) => void): void {
  const [images, channels, pixels] = [at(shape, 0), at(shape, 1), product(shape.slice(2))];
  for (let row = 0; row < images * channels; row++) {
    visit(row % channels, row * pixels, (row + 1) * pixels);
  }
}

/** Sum over each channel of x of `f` of the element's position and the channel. */
function channelSums(x: NdArray, f: (position: number, channel: number) => number): Float64Array {
  const sums = new Float64Array(at(x.shape, 1));
  eachRow(x, (channel, start, end) => {
    let sum = 0;
    for (let i = start; i < end; i++) sum += f(i, channel);
    sums[channel] = at(sums, channel) + sum;
  });
  return sums;
}

/** An array like x of `f` of the element's position and the channel. */
function mapChannels(x: NdArray, f: (position: number, channel: number) => number): NdArray {
  const out = zeros(x.shape);
  eachRow(x, (channel, start, end) => {
    for (let i = start; i < end; i++) out.data[i] = f(i, channel);
  });
  return out;
}

function float({ attrs }: KernelContext, name: string): number {
  const value = attrs[name];
  if (typeof value !== 'number') throw new TypeError(`attribute ${name} is not a number`);
  return value;
}

const vector = (data: Float64Array): NdArray => ({ shape: [data.length], data });

/** y = (x - mean) / deviation scale + bias as one multiplication and one addition. */
function scaled(context: KernelContext, mean: Float64Array, deviation: Float64Array): NdArray {
  const [x, scale, bias] = [input(context, 0), input(context, 1).data, input(context, 2).data];
  const slope = scale.map((s, c) => s / at(deviation, c));
  const offset = bias.map((b, c) => b - at(mean, c) * at(slope, c));
  return mapChannels(x, (i, c) => (x.data[i] as number) * (slope[c] as number) + (offset[c] as number));
}

const batchNormTrain: Kernel = (context) => {
  const x = input(context, 0);
  const [momentum, eps] = [float(context, 'momentum'), float(context, 'eps')];
  const count = x.data.length / at(x.shape, 1);
  const mean = channelSums(x, (i) => x.data[i] as number).map((sum) => sum / count);
  const squares = channelSums(x, (i, c) => ((x.data[i] as number) - (mean[c] as number)) ** 2);
  const deviation = squares.map((square) => Math.sqrt(square / count + eps));
  const moved = (running: Float64Array, batch: Float64Array): NdArray =>
    vector(running.map((value, c) => value + momentum * (at(batch, c) - value)));
  return [
    scaled(context, mean, deviation),
    vector(mean),
    vector(deviation.map((d) => 1 / d)),
    moved(input(context, 3).data, mean),
    moved(
      input(context, 4).data,
      squares.map((square) => square / (count - 1)),
    ),
  ];
};

const batchNormalization: Kernel = (context) => {
  const [mean, variance] = [input(context, 3).data, input(context, 4).data];
  const eps = float(context, 'epsilon');
  return [
    scaled(
      context,
      mean,
      variance.map((v) => Math.sqrt(v + eps)),
    ),
  ];
};

/** dx = scale / deviation (dy - mean(dy) - xh mean(dy xh)), xh = (x - mean) / deviation. */
const batchNormGrad: Kernel = (context) => {
  const [x, dy] = [input(context, 0), input(context, 4)];
  const [mean, inverse, scale] = [input(context, 1).data, input(context, 2).data, input(context, 3).data];
  const count = x.data.length / at(x.shape, 1);
  const xh = (i: number, c: number): number =>
    ((x.data[i] as number) - (mean[c] as number)) * (inverse[c] as number);
  const dscale = channelSums(x, (i, c) => (dy.data[i] as number) * xh(i, c));
  const dbias = channelSums(x, (i) => dy.data[i] as number);
  const dx = mapChannels(x, (i, c) => {
    const centred = (dy.data[i] as number) - (dbias[c] as number) / count;
    return (
      (scale[c] as number) * (inverse[c] as number) * (centred - (xh(i, c) * (dscale[c] as number)) / count)
    );
  });
  return [dx, vector(dscale), vector(dbias)];
};

export const fastNorms: Readonly<Record<string, Kernel>> = {
  BatchNormTrain: batchNormTrain,
  BatchNormGrad: batchNormGrad,
  BatchNormalization: batchNormalization,
};
