import { at, product, zeros, type NdArray } from '../reference/array.js';
import { windows } from '../reference/conv.js';
import { input, intAttr, intsAttr, type Kernel, type KernelContext } from '../reference/kernel.js';
import { matmul, matrix, transposed } from './matmul.js';

/**
 * Which pixel of x [N,C,H,W] each tap sees: flat positions, -1 for padding, as a matrix of C kh kw taps by N OH OW
 * windows. With it a convolution and its two gradients are matrix products.
 */
function taps(
  context: KernelContext,
  x: readonly number[],
  kernel: readonly number[],
  windowsYX: readonly number[],
): Int32Array {
  if (intAttr(context, 'group') !== 1) throw new TypeError('fast convolutions have one group');
  const [strides, dilations] = [intsAttr(context, 'strides'), intsAttr(context, 'dilations')];
  const [strideY, strideX] = [at(strides, 0), at(strides, 1)];
  const [above, left] = [at(intsAttr(context, 'pads'), 0), at(intsAttr(context, 'pads'), 1)];
  const [batch, channels, height, width] = [at(x, 0), at(x, 1), at(x, 2), at(x, 3)];
  const [outH, outW] = [at(windowsYX, 0), at(windowsYX, 1)];
  const table = new Int32Array(channels * product(kernel) * batch * outH * outW);
  let i = 0;
  for (let c = 0; c < channels; c++)
    for (let ky = 0; ky < at(kernel, 0); ky++)
      for (let kx = 0; kx < at(kernel, 1); kx++)
        for (let n = 0; n < batch; n++)
          for (let oy = 0; oy < outH; oy++) {
            const row = oy * strideY + ky * at(dilations, 0) - above;
            const start = ((n * channels + c) * height + row) * width;
            for (let ox = 0; ox < outW; ox++, i++) {
              const column = ox * strideX + kx * at(dilations, 1) - left;
              const inside = row >= 0 && row < height && column >= 0 && column < width;
              table[i] = inside ? start + column : -1;
            }
          }
  return table;
}

/** x as the taps see it. */
function gather(x: Float64Array, table: Int32Array): Float64Array {
  const out = new Float64Array(table.length);
  for (let i = 0; i < table.length; i++) {
    const from = table[i] as number;
    if (from >= 0) out[i] = x[from] as number;
  }
  return out;
}

/** [A,B,...] to [B,A,...]: images by channels to channels by images, and back. */
function exchanged({ shape, data }: NdArray): Float64Array {
  const [a, b] = [at(shape, 0), at(shape, 1)];
  const size = product(shape.slice(2));
  const out = new Float64Array(data.length);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++) {
      const from = (i * b + j) * size;
      out.set(data.subarray(from, from + size), (j * a + i) * size);
    }
  return out;
}

/** y = w x~, x~ the windows of x as columns. */
const conv: Kernel = (context) => {
  if (context.inputs[2] !== undefined) throw new TypeError('fast convolutions have no bias');
  const [x, w] = [input(context, 0), input(context, 1)];
  const [strides, pads] = [intsAttr(context, 'strides'), intsAttr(context, 'pads')];
  const dilations = intsAttr(context, 'dilations');
  const size = [0, 1].map((axis) =>
    windows(
      at(x.shape, axis + 2),
      at(w.shape, axis + 2),
      at(strides, axis),
      at(dilations, axis),
      at(pads, axis),
      at(pads, axis + 2),
    ),
  );
  const seen = gather(x.data, taps(context, x.shape, w.shape.slice(2), size));
  const [filters, depth] = [at(w.shape, 0), product(w.shape.slice(1))];
  const y = matmul(matrix(w.data, filters, depth), matrix(seen, depth, seen.length / depth));
  const images = at(x.shape, 0);
  return [
    { shape: [images, filters, ...size], data: exchanged({ shape: [filters, images, ...size], data: y }) },
  ];
};

/** dx~ = w^T dy, each of its elements added to the pixel that the tap saw. */
const convInputGrad: Kernel = (context) => {
  const [dy, w] = [input(context, 0), input(context, 1)];
  const dx = zeros([at(dy.shape, 0), at(w.shape, 1), ...intsAttr(context, 'size')]);
  const [filters, depth] = [at(w.shape, 0), product(w.shape.slice(1))];
  const seen = matmul(
    transposed(matrix(w.data, filters, depth)),
    matrix(exchanged(dy), filters, dy.data.length / filters),
  );
  taps(context, dx.shape, w.shape.slice(2), dy.shape.slice(2)).forEach((to, i) => {
    if (to >= 0) dx.data[to] = (dx.data[to] as number) + (seen[i] as number);
  });
  return [dx];
};

/** dw = dy x~^T. */
const convWeightGrad: Kernel = (context) => {
  const [x, dy] = [input(context, 0), input(context, 1)];
  const kernel = intsAttr(context, 'kernel_shape');
  const seen = gather(x.data, taps(context, x.shape, kernel, dy.shape.slice(2)));
  const filters = at(dy.shape, 1);
  const count = dy.data.length / filters;
  const dw = matmul(
    matrix(exchanged(dy), filters, count),
    transposed(matrix(seen, seen.length / count, count)),
  );
  return [{ shape: [filters, at(x.shape, 1), ...kernel], data: dw }];
};

export const fastConvolutions: Readonly<Record<string, Kernel>> = {
  Conv: conv,
  ConvInputGrad: convInputGrad,
  ConvWeightGrad: convWeightGrad,
};
