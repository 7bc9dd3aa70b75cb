import { checkWholes } from '../checks.js';
import { OptionError } from '../errors.js';
import { formatType, mulDims, type Dim } from '../ir/index.js';
import { nchw, type ConvAttrs, type PoolAttrs } from '../ops/index.js';
import { torchDefaultInit, type Initializer } from './init.js';
import { leaf } from './leaf.js';
import type { Net } from './net.js';

/** Options of `conv`. */
export interface ConvOptions {
  readonly stride?: number;
  /** Zeros on each side; default 0. */
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Initialiser of the weight, given its fan-in and fan-out; default PyTorch's. */
  readonly init?: (fanIn: number, fanOut: number) => Initializer;
  /** Initialiser of the bias; default PyTorch's. */
  readonly biasInit?: Initializer;
  readonly name?: string;
}

/**
 * Convolution to `channels` channels with a square kernel: [N,C,H,W] -> [N,channels,OH,OW].
 *
 * @example
 * conv(32, 5, { padding: 2 });
 */
export function conv(channels: number, kernel: number, options: ConvOptions = {}): Net {
  const {
    stride = 1,
    padding = 0,
    dilation = 1,
    groups = 1,
    bias = true,
    init = torchDefaultInit,
    biasInit,
    name,
  } = options;
  checkWholes('conv: ', { channels, kernel, stride, dilation, groups }, 1);
  checkWholes('conv: ', { padding }, 0);
  const attrs: ConvAttrs = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    dilations: [dilation, dilation],
    group: groups,
  };
  return leaf(
    'conv',
    `conv ${channels}, ${kernel}x${kernel}${stride > 1 ? `, stride ${stride}` : ''}`,
    name,
    (c, x) => {
      const [, inputs] = nchw('conv', x);
      const fanIn = (inputs / groups) * kernel * kernel;
      const fanOut = (channels / groups) * kernel * kernel;
      const w = c.parameter('weight', [channels, inputs / groups, kernel, kernel], init(fanIn, fanOut));
      const offset = bias ? c.parameter('bias', [channels], biasInit ?? torchDefaultInit(fanIn)) : undefined;
      return c.b.conv(x, w, offset, attrs);
    },
  );
}

/**
 * Linear layer to `features` outputs: [N,D] -> [N,features].
 *
 * @example
 * linear(10, { name: 'fc' });
 */
export function linear(
  features: number,
  options: { readonly bias?: boolean; readonly name?: string } = {},
): Net {
  checkWholes('linear: ', { features }, 1);
  const layer = leaf('fc', `linear ${features}`, options.name, (c, x) => {
    const inputs = x.shape[1];
    if (x.shape.length !== 2 || typeof inputs !== 'number') {
      throw new OptionError(`linear: expected an input [N,D], got ${formatType(x)}; put flatten() before it`);
    }
    const w = c.parameter('weight', [features, inputs], torchDefaultInit(inputs));
    const bias =
      options.bias === false ? undefined : c.parameter('bias', [features], torchDefaultInit(inputs));
    return c.b.gemm(x, w, bias, { transB: true });
  });
  return { ...layer, withOutputs: (count) => linear(count, options) };
}

/** Options of pooling layers. */
export interface PoolOptions {
  /** Default: the kernel's size. */
  readonly stride?: number;
  /** Default 0. */
  readonly padding?: number;
  /** Whether sizes are rounded up, as with PyTorch's `ceil_mode`; default false. */
  readonly ceilMode?: boolean;
}

/** Options of `maxPool`. */
export interface MaxPoolOptions extends PoolOptions {
  /** Distance of a window's pixels; default 1. */
  readonly dilation?: number;
}

/** Options of `averagePool`. */
export interface AveragePoolOptions extends PoolOptions {
  /** Whether a window divides by its padding too, as in PyTorch; default true. */
  readonly countIncludePad?: boolean;
}

/**
 * Maximum of each window: [N,C,H,W] -> [N,C,OH,OW]; the first of equal ones gets the gradient.
 *
 * @example
 * maxPool(3, { stride: 2, padding: 1 });
 */
export function maxPool(kernel: number, { dilation = 1, ...options }: MaxPoolOptions = {}): Net {
  checkWholes('maxPool: ', { dilation }, 1);
  const window = {
    ...poolWindow('maxPool', kernel, options),
    ...(dilation === 1 ? {} : { dilations: [dilation, dilation] as const }),
  };
  return leaf('pool', `max-pool ${kernel}x${kernel}`, undefined, (c, x) => c.b.maxPool(x, window)[0]);
}

/**
 * Mean of each window: [N,C,H,W] -> [N,C,OH,OW].
 *
 * @example
 * averagePool(3, { stride: 2, padding: 1, countIncludePad: false });
 */
export function averagePool(
  kernel: number,
  { countIncludePad = true, ...options }: AveragePoolOptions = {},
): Net {
  const window = { ...poolWindow('averagePool', kernel, options), countIncludePad };
  return leaf('pool', `average-pool ${kernel}x${kernel}`, undefined, (c, x) => c.b.averagePool(x, window));
}

/**
 * Mean over all pixels: [N,C,H,W] -> [N,C].
 *
 * @example
 * chain(conv(64, 3), globalAveragePool(), linear(10)); // one number a channel
 */
export function globalAveragePool(): Net {
  return leaf('pool', 'global average pool', undefined, ({ b }, x) => {
    const [n, channels] = nchw('globalAveragePool', x);
    return b.reshape(b.globalAveragePool(x), [n, channels]);
  });
}

/**
 * max(x, 0).
 *
 * @example
 * chain(conv(32, 3), batchNorm(), relu());
 */
export function relu(): Net {
  return leaf('relu', 'ReLU', undefined, ({ b }, x) => b.relu(x));
}

/**
 * 1 / (1 + e^-x).
 *
 * @example
 * chain(linear(32), sigmoid());
 */
export function sigmoid(): Net {
  return leaf('sigmoid', 'sigmoid', undefined, ({ b }, x) => b.sigmoid(x));
}

/**
 * tanh x.
 *
 * @example
 * chain(linear(32), tanh());
 */
export function tanh(): Net {
  return leaf('tanh', 'tanh', undefined, ({ b }, x) => b.tanh(x));
}

/**
 * x sigmoid(x). Source: https://arxiv.org/abs/1702.03118
 *
 * @example
 * chain(conv(32, 3), silu());
 */
export function silu(): Net {
  return leaf('silu', 'SiLU', undefined, ({ b }, x) => b.mul(x, b.sigmoid(x)));
}

/**
 * x (1 + erf(x / sqrt 2)) / 2. Source: https://arxiv.org/abs/1606.08415
 *
 * @example
 * chain(conv(32, 3), gelu());
 */
export function gelu(): Net {
  return leaf('gelu', 'GELU', undefined, ({ b }, x) =>
    b.mul(b.mul(x, 0.5), b.add(b.erf(b.mul(x, Math.SQRT1_2)), 1)),
  );
}

/**
 * [N,C,H,W] -> [N,C*H*W].
 *
 * @example
 * chain(conv(4, 3), flatten(), linear(10)); // [N,1,28,28] -> [N,4,26,26] -> [N,2704] -> [N,10]
 */
export function flatten(): Net {
  return leaf('flatten', 'flatten', undefined, ({ b }, x) => {
    const [n, ...rest] = x.shape;
    return b.reshape(x, [n ?? 1, rest.reduce<Dim>((product, dim) => mulDims(product, dim), 1)]);
  });
}

/**
 * x itself: the identity shortcut.
 *
 * @example
 * add(chain(conv(32, 3, { padding: 1 }), relu()), identity()); // x + f(x)
 */
export function identity(): Net {
  return { kind: 'identity', label: 'identity', children: [], build: (_, x) => x };
}

function poolWindow(kind: string, kernel: number, options: PoolOptions): PoolAttrs {
  const { stride = kernel, padding = 0, ceilMode = false } = options;
  checkWholes(`${kind}: `, { kernel, stride }, 1);
  checkWholes(`${kind}: `, { padding }, 0);
  return {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    ...(ceilMode ? { ceil_mode: 1 as const } : {}),
  };
}
