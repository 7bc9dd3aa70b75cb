import { at, element, generate, offset, zeros, type NdArray } from './array.js';
import { windows } from './conv.js';
import { input, intAttr, intsAttr, shapeAttr, type Kernel, type KernelContext } from './kernel.js';

/** Shape of the pooled image. */
function pooled(context: KernelContext, x: NdArray): number[] {
  const [kernel, strides, pads] = ['kernel_shape', 'strides', 'pads'].map((name) => intsAttr(context, name));
  const length = (axis: 0 | 1): number =>
    windows(
      at(x.shape, axis + 2),
      at(kernel ?? [], axis),
      at(strides ?? [], axis),
      1,
      at(pads ?? [], axis),
      at(pads ?? [], axis + 2),
    );
  return [at(x.shape, 0), at(x.shape, 1), length(0), length(1)];
}

/** Coordinates of the pixels of x in the window at `index` of the pooled image, row-major; padding is left out. */
function windowAt(context: KernelContext, x: NdArray, index: readonly number[]): number[][] {
  const [kernel, strides, pads] = ['kernel_shape', 'strides', 'pads'].map((name) => intsAttr(context, name));
  const out: number[][] = [];
  for (let ky = 0; ky < at(kernel ?? [], 0); ky++)
    for (let kx = 0; kx < at(kernel ?? [], 1); kx++) {
      const iy = at(index, 2) * at(strides ?? [], 0) + ky - at(pads ?? [], 0);
      const ix = at(index, 3) * at(strides ?? [], 1) + kx - at(pads ?? [], 1);
      const inside = iy >= 0 && iy < at(x.shape, 2) && ix >= 0 && ix < at(x.shape, 3);
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
  const [kernelH, kernelW] = [
    at(intsAttr(context, 'kernel_shape'), 0),
    at(intsAttr(context, 'kernel_shape'), 1),
  ];
  const padded = intAttr(context, 'count_include_pad') === 1;
  const mean = (index: readonly number[]): number => {
    const pixels = windowAt(context, x, index);
    const sum = pixels.reduce((total, pixel) => total + element(x, pixel), 0);
    return sum / (padded ? kernelH * kernelW : pixels.length);
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

const maxUnpool: Kernel = (context) => {
  const [x, indices] = [input(context, 0), input(context, 1)];
  const shape = context.inputs[2] === undefined ? shapeAttr(context) : Array.from(input(context, 2).data);
  const out = zeros(shape);
  for (let i = 0; i < x.data.length; i++) out.data[at(indices.data, i)] = at(x.data, i);
  return [out];
};

export const pools: Readonly<Record<string, Kernel>> = {
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGrad,
  MaxUnpool: maxUnpool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
};
