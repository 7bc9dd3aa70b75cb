import { ShapeError } from '../../errors.js';
import { formatType, type TensorType } from '../../ir/index.js';
import { windowCount } from '../../ops/conv-shape.js';
import { defineOp, nchw, type ConvAttrs, type Op, type PoolAttrs } from '../../ops/index.js';
import { pooledShape } from '../../ops/pool-shape.js';

/**
 * ONNX Runtime's own operators on blocked tensors. A blocked tensor says [N,C,H,W] and lies in memory as
 * [N, C/b, H, W, b]: b neighbouring channels fill one vector register. b is the CPU's (16 with AVX-512, 8 with AVX2)
 * and C a multiple of it. Weights lie as [K/b, C/b, kh, kw, b of C, b of K].
 * Source: https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/contrib_ops/cpu/nchwc_ops.cc
 */
const source = 'https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/contrib_ops/cpu/nchwc_ops.cc';
const refuse = { refuse: 'a lowering made it, after differentiation' };

/** Attributes of the blocked convolution: an activation can be fused. */
export interface BlockedConvAttrs extends ConvAttrs {
  readonly activation?: 'Relu' | 'HardSigmoid' | undefined;
  /** Slope and offset of HardSigmoid. */
  readonly activation_params?: readonly number[] | undefined;
}

/** activation(conv(x, w) + bias + sum); x is blocked, or plain with fewer channels than a block. */
export const blockedConv: Op = defineOp<'n', BlockedConvAttrs>({
  name: 'com.microsoft.nchwc.Conv',
  source,
  infer([x, w, , sum], attrs) {
    if (x === undefined || w === undefined) throw new ShapeError('blocked Conv: expected x and w');
    const [n, c, h, width] = nchw('blocked Conv', x);
    const [k, inner] = nchw('blocked Conv', w);
    if (c !== inner * attrs.group) {
      throw new ShapeError(`blocked Conv: ${formatType(x)} and ${formatType(w)} do not fit`);
    }
    const shape = [
      n,
      Number(k),
      windowCount('blocked Conv', h, 0, attrs),
      windowCount('blocked Conv', width, 1, attrs),
    ];
    if (sum !== undefined && sum.shape.join() !== shape.join()) {
      throw new ShapeError(`blocked Conv: expected a sum of [${shape.join(',')}], got ${formatType(sum)}`);
    }
    return shape;
  },
  gradient: refuse,
  floats: ['activation_params'],
});

/** Maximum of each window of a blocked tensor. */
export const blockedMaxPool: Op = defineOp<1, PoolAttrs>({
  name: 'com.microsoft.nchwc.MaxPool',
  source,
  infer: ([x], attrs) => pooledShape('blocked MaxPool', x, attrs),
  gradient: refuse,
});

/** Mean over the pixels of a blocked tensor: [N,C,1,1]. */
export const blockedGlobalAveragePool: Op = defineOp<1>({
  name: 'com.microsoft.nchwc.GlobalAveragePool',
  source,
  infer([x]) {
    const [n, c] = nchw('blocked GlobalAveragePool', x);
    return [n, c, 1, 1];
  },
  gradient: refuse,
});

/** Each pixel of a blocked tensor repeated; `scales` are those of N, C, H and W. */
export const blockedUpsample: Op = defineOp<
  1,
  { readonly scales: readonly number[]; readonly mode: 'nearest' }
>({
  name: 'com.microsoft.nchwc.Upsample',
  source,
  infer([x], { scales }) {
    const [n, c, h, w] = nchw('blocked Upsample', x);
    return [n, c, h * (scales[2] ?? 1), w * (scales[3] ?? 1)];
  },
  gradient: refuse,
});

/** Plain [N,C,H,W], or [N,H,W,C] with `channels_last`, to blocked [N,C,H,W]; C is a multiple of the block. */
export const reorderInput: Op = defineOp<1, { readonly channels_last: 0 | 1 }>({
  name: 'com.microsoft.nchwc.ReorderInput',
  source,
  infer: ([x], { channels_last }) => (channels_last === 1 ? toChannelsFirst(x) : x.shape),
  gradient: refuse,
});

/** Blocked [N,C,H,W] to plain [N,channels,H,W], or [N,H,W,channels] with `channels_last`. */
export const reorderOutput: Op = defineOp<1, { readonly channels: number; readonly channels_last: 0 | 1 }>({
  name: 'com.microsoft.nchwc.ReorderOutput',
  source,
  infer([x], { channels, channels_last }) {
    const [n, , h, w] = nchw('ReorderOutput', x);
    return channels_last === 1 ? [n, h, w, channels] : [n, channels, h, w];
  },
  gradient: refuse,
});

function toChannelsFirst(x: TensorType): TensorType['shape'] {
  // `nchw` names the four dimensions by position: here they are N, H, W and C.
  const [n, h, w, c] = nchw('ReorderInput', x);
  return [n, c, h, w];
}
