import { at, element, generate, offset, zeros, type NdArray } from './array.js';
import { windows } from './conv.js';
import { input, intAttr, intsAttr, type Kernel, type KernelContext } from './kernel.js';

/** A pooling's geometry along one axis. */
interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

function axisOfPool(context: KernelContext, x: NdArray, axis: 0 | 1): Axis {
  const pads = intsAttr(context, 'pads');
  return {
    size: at(x.shape, axis + 2),
    kernel: at(intsAttr(context, 'kernel_shape'), axis),
    stride: at(intsAttr(context, 'strides'), axis),
    dilation: context.attrs['dilations'] === undefined ? 1 : at(intsAttr(context, 'dilations'), axis),
    before: at(pads, axis),
    after: at(pads, axis + 2),
  };
}

/** How many windows there are, counted by trying; rounded up, one more may start anywhere before the padding's end. */
function countOf(context: KernelContext, axis: Axis): number {
  const { size, kernel, stride, dilation, before, after } = axis;
  const whole = windows(size, kernel, stride, dilation, before, after);
  if (context.attrs['ceil_mode'] !== 1) return whole;
  const reached = (whole - 1) * stride + (kernel - 1) * dilation + 1;
  return reached < before + size + after && whole * stride < before + size ? whole + 1 : whole;
}

/** Shape of the pooled image. */
function pooled(context: KernelContext, x: NdArray): number[] {
  const length = (axis: 0 | 1): number => countOf(context, axisOfPool(context, x, axis));
  return [at(x.shape, 0), at(x.shape, 1), length(0), length(1)];
}

/** Coordinates of the pixels of x in the window at `index` of the pooled image, row-major; padding is left out. */
function windowAt(context: KernelContext, x: NdArray, index: readonly number[]): number[][] {
  const [rows, columns] = [axisOfPool(context, x, 0), axisOfPool(context, x, 1)];
  const out: number[][] = [];
  for (let ky = 0; ky < rows.kernel; ky++)
    for (let kx = 0; kx < columns.kernel; kx++) {
      const iy = at(index, 2) * rows.stride + ky * rows.dilation - rows.before;
      const ix = at(index, 3) * columns.stride + kx * columns.dilation - columns.before;
      const inside = iy >= 0 && iy < rows.size && ix >= 0 && ix < columns.size;
      if (inside) out.push([at(index, 0), at(index, 1), iy, ix]);
    }
  return out;
}

/** Flat position in x of the first maximum of the window. */
function firstMaximum(context: KernelContext, x: NdArray, index: readonly number[]): number {
  let best = -1;
  for (const pixel of windowAt(context, x, index)) {
    const position = offset(x.shape, pixel);
    if (best < 0 || at(x.data, position) > at(x.data, best)) best = position;
  }
  return best;
}

const maxPool: Kernel = (context) => {
  const x = input(context, 0);
  const indices = generate(pooled(context, x), (index) => firstMaximum(context, x, index));
  return [{ shape: indices.shape, data: indices.data.map((i) => at(x.data, i)) }, indices];
};

/** From x alone: what y and the indices say is not believed. */
const maxPoolGrad: Kernel = (context) => {
  const [x, dy] = [input(context, 0), input(context, 3)];
  const dx = zeros(x.shape);
  generate(dy.shape, (index) => {
    const to = firstMaximum(context, x, index);
    dx.data[to] = at(dx.data, to) + element(dy, index);
    return 0;
  });
  return [dx];
};

const averagePool: Kernel = (context) => {
  const x = input(context, 0);
  const padded = intAttr(context, 'count_include_pad') === 1;
  // Pixels and padding along one axis under the window; what lies behind the padding is neither.
  const counted = (axis: 0 | 1, window: number): number => {
    const { size, kernel, stride, before, after } = axisOfPool(context, x, axis);
    let count = 0;
    for (let k = 0; k < kernel; k++) if (window * stride + k < before + size + after) count += 1;
    return count;
  };
  const mean = (index: readonly number[]): number => {
    const pixels = windowAt(context, x, index);
    const sum = pixels.reduce((total, pixel) => total + element(x, pixel), 0);
    return sum / (padded ? counted(0, at(index, 2)) * counted(1, at(index, 3)) : pixels.length);
  };
  return [generate(pooled(context, x), mean)];
};

const globalAveragePool: Kernel = (context) => {
  const x = input(context, 0);
  const [height, width] = [at(x.shape, 2), at(x.shape, 3)];
  const mean = (index: readonly number[]): number => {
    let sum = 0;
    for (let y = 0; y < height; y++)
      for (let z = 0; z < width; z++) sum += element(x, [at(index, 0), at(index, 1), y, z]);
    return sum / (height * width);
  };
  return [generate([at(x.shape, 0), at(x.shape, 1), 1, 1], mean)];
};

/** The definition's: indices count in the image of which a pooling with these attributes leaves out nothing. */
const maxUnpool: Kernel = (context) => {
  const [x, indices] = [input(context, 0), input(context, 1)];
  const size = ([0, 1] as const).map((axis) => {
    const { kernel, stride, before, after } = axisOfPool(context, x, axis);
    return (at(x.shape, axis + 2) - 1) * stride + kernel - before - after;
  });
  const out = zeros([at(x.shape, 0), at(x.shape, 1), ...size]);
  for (let i = 0; i < x.data.length; i++) {
    at(out.data, at(indices.data, i));
    out.data[at(indices.data, i)] = at(x.data, i);
  }
  return [out];
};

export const pools: Readonly<Record<string, Kernel>> = {
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGrad,
  MaxUnpool: maxUnpool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
};
