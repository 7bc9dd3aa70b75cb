import { at, zeros, type NdArray } from './array.js';
import { input, intAttr, intsAttr, type Kernel, type KernelContext } from './kernel.js';

/** Height and width of a convolution, after which the rest follows. */
interface Geometry {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
}

function geometry(context: KernelContext): Geometry {
  return {
    strides: intsAttr(context, 'strides'),
    pads: intsAttr(context, 'pads'),
    dilations: intsAttr(context, 'dilations'),
    group: intAttr(context, 'group'),
  };
}

/**
 * Visits every product of a convolution once, with the flat positions in x [N,C,H,W], w [K,C/group,kh,kw] and
 * y [N,K,OH,OW]: y += x w. Its two gradients are the same sum with the roles exchanged.
 */
function eachProduct(
  x: readonly number[],
  w: readonly number[],
  y: readonly number[],
  { strides, pads, dilations, group }: Geometry,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [batch, channels, height, width] = [at(x, 0), at(x, 1), at(x, 2), at(x, 3)];
  const [filters, inner, kernelH, kernelW] = [at(w, 0), at(w, 1), at(w, 2), at(w, 3)];
  const [outH, outW] = [at(y, 2), at(y, 3)];
  const share = filters / group;
  const [strideH, strideW, dilationH, dilationW] = [
    at(strides, 0),
    at(strides, 1),
    at(dilations, 0),
    at(dilations, 1),
  ];
  const [above, left] = [at(pads, 0), at(pads, 1)];
  let iy = 0;
  for (let n = 0; n < batch; n++)
    for (let k = 0; k < filters; k++)
      for (let oy = 0; oy < outH; oy++)
        for (let ox = 0; ox < outW; ox++, iy++)
          for (let c = 0, iw = k * inner * kernelH * kernelW; c < inner; c++) {
            const plane = n * channels + Math.floor(k / share) * inner + c;
            for (let ky = 0; ky < kernelH; ky++) {
              const row = oy * strideH + ky * dilationH - above;
              for (let kx = 0; kx < kernelW; kx++, iw++) {
                const column = ox * strideW + kx * dilationW - left;
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                visit((plane * height + row) * width + column, iw, iy);
              }
            }
          }
}

/** How often a window of `kernel` taps fits, counted by trying. */
export function windows(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  before: number,
  after: number,
): number {
  let count = 0;
  while (count * stride + (kernel - 1) * dilation < size + before + after) count += 1;
  return count;
}

const conv: Kernel = (context) => {
  const [x, w, bias] = [input(context, 0), input(context, 1), context.inputs[2]];
  const shape = geometry(context);
  const length = (axis: 0 | 1): number =>
    windows(
      at(x.shape, axis + 2),
      at(w.shape, axis + 2),
      at(shape.strides, axis),
      at(shape.dilations, axis),
      at(shape.pads, axis),
      at(shape.pads, axis + 2),
    );
  const y = zeros([at(x.shape, 0), at(w.shape, 0), length(0), length(1)]);
  const pixels = at(y.shape, 2) * at(y.shape, 3);
  if (bias !== undefined) {
    for (let i = 0; i < y.data.length; i++)
      y.data[i] = at(bias.data, Math.floor(i / pixels) % at(w.shape, 0));
  }
  eachProduct(x.shape, w.shape, y.shape, shape, (ix, iw, iy) => {
    y.data[iy] = at(y.data, iy) + at(x.data, ix) * at(w.data, iw);
  });
  return [y];
};

/** dx += dy w, into an image of that height and width. */
function intoImage(context: KernelContext, size: readonly number[]): readonly NdArray[] {
  const [dy, w] = [input(context, 0), input(context, 1)];
  const shape = geometry(context);
  const dx = zeros([at(dy.shape, 0), at(w.shape, 1) * shape.group, at(size, 0), at(size, 1)]);
  eachProduct(dx.shape, w.shape, dy.shape, shape, (ix, iw, iy) => {
    dx.data[ix] = at(dx.data, ix) + at(dy.data, iy) * at(w.data, iw);
  });
  return [dx];
}

const convTranspose: Kernel = (context) => {
  const [x, w] = [input(context, 0), input(context, 1)];
  const { strides, pads, dilations } = geometry(context);
  const extra = intsAttr(context, 'output_padding');
  const length = (axis: 0 | 1): number =>
    at(strides, axis) * (at(x.shape, axis + 2) - 1) +
    at(extra, axis) +
    ((at(w.shape, axis + 2) - 1) * at(dilations, axis) + 1) -
    at(pads, axis) -
    at(pads, axis + 2);
  const [y] = intoImage(context, [length(0), length(1)]);
  const bias = context.inputs[2];
  if (y === undefined || bias === undefined) return [y ?? zeros([])];
  const pixels = at(y.shape, 2) * at(y.shape, 3);
  y.data.forEach((value, i) => {
    y.data[i] = value + at(bias.data, Math.floor(i / pixels) % at(y.shape, 1));
  });
  return [y];
};

const convWeightGrad: Kernel = (context) => {
  const [x, dy] = [input(context, 0), input(context, 1)];
  const shape = geometry(context);
  const [kernelH, kernelW] = [
    at(intsAttr(context, 'kernel_shape'), 0),
    at(intsAttr(context, 'kernel_shape'), 1),
  ];
  const dw = zeros([at(dy.shape, 1), at(x.shape, 1) / shape.group, kernelH, kernelW]);
  eachProduct(x.shape, dw.shape, dy.shape, shape, (ix, iw, iy) => {
    dw.data[iw] = at(dw.data, iw) + at(x.data, ix) * at(dy.data, iy);
  });
  return [dw];
};

export const convolutions: Readonly<Record<string, Kernel>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  ConvInputGrad: (context) => intoImage(context, intsAttr(context, 'size')),
  ConvWeightGrad: convWeightGrad,
};
