import { gelu, silu, type LayerContext, type Net } from '../../src/net/index.js';
import { crossEntropy } from '../../src/models/index.js';
import type { Value } from '../../src/ir/index.js';
import type { Builder } from '../../src/ops/index.js';
import { convAttrs, poolAttrs } from '../gradient/cases/make.js';

/** What a golden case is built from. */
export interface GoldenContext {
  readonly b: Builder;
  /** The file's tensor of that name as a graph input: `in.x` is differentiated, others are not. */
  readonly x: (name: string) => Value;
  /** A number of the file's metadata. */
  readonly number: (name: string) => number;
  /** The metadata's value for an option, or undefined. */
  readonly option: (name: string) => unknown;
}

/** How a golden case is built. */
export interface GoldenBuilder {
  /**
   * The result, held against the file's `out`; or several results by the names of the file's tensors, `out` among them
   * (batch norm: `{ out, 'running_mean.after': ..., 'running_var.after': ... }`).
   */
  readonly build: (context: GoldenContext) => Value | Readonly<Record<string, Value>>;
  /** Whether formula or rule hold constants that float32 rounds, such as 1/9 or 1/sqrt 2; default false. */
  readonly roundedConstants?: true;
  /** How many times larger than the result its terms are when they cancel in float32; default 1. */
  readonly cancellation?: number;
}

const unary = (op: 'relu' | 'sigmoid' | 'tanh' | 'exp'): GoldenBuilder => ({
  build: ({ b, x }) => b[op](x('in.x')),
});

const binary = (op: 'add' | 'sub' | 'mul'): GoldenBuilder => ({
  build: ({ b, x }) => b[op](x('in.a'), x('in.b')),
});

/** A layer without parameters, as networks use it. */
const layer = (net: Net): GoldenBuilder => ({
  build: ({ b, x }) => net.build(layerContext(b), x('in.x')),
  roundedConstants: true,
});

/** The same number on both axes and all sides. */
const window = ({ number }: GoldenContext): Parameters<typeof convAttrs>[0] => {
  const [s, p] = [number('stride'), number('padding')];
  return { kernel: [1, 1], strides: [s, s], pads: [p, p, p, p] };
};

const pool = (context: GoldenContext): ReturnType<typeof poolAttrs> => {
  const k = context.number('kernel');
  return poolAttrs({ ...window(context), kernel: [k, k] });
};

/**
 * Builds the case of each `op` of the golden files. SEAM: an operator that is added later gets its entry here and
 * leaves `pending`; nothing else is to do.
 */
export const goldenBuilders: Readonly<Record<string, GoldenBuilder>> = {
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  // The files hold a / (b + 2): no divisor is near 0.
  div: { build: ({ b, x }) => b.div(x('in.a'), b.add(x('in.b'), 2)) },
  relu: unary('relu'),
  sigmoid: unary('sigmoid'),
  tanh: unary('tanh'),
  exp: unary('exp'),
  silu: layer(silu()),
  gelu: layer(gelu()),
  softmax: { build: ({ b, x }) => b.softmax(x('in.x'), 1) },
  log_softmax: { build: ({ b, x }) => b.logSoftmax(x('in.x'), 1) },
  conv2d: {
    build: (context) => {
      const { b, x, number } = context;
      const w = x('in.weight');
      const kernel = [Number(w.shape[2]), Number(w.shape[3])] as const;
      const d = number('dilation');
      const attrs = convAttrs({
        ...window(context),
        kernel,
        dilations: [d, d],
        group: number('groups'),
      });
      return b.conv(x('in.x'), w, x('in.bias'), attrs);
    },
  },
  max_pool2d: { build: (context) => context.b.maxPool(context.x('in.x'), pool(context))[0] },
  avg_pool2d: {
    build: (context) => context.b.averagePool(context.x('in.x'), pool(context)),
    roundedConstants: true,
  },
  global_avg_pool: {
    build: ({ b, x }) => b.reshape(b.globalAveragePool(x('in.x')), x('in.x').shape.slice(0, 2)),
    roundedConstants: true,
  },
  linear: { build: ({ b, x }) => b.gemm(x('in.x'), x('in.weight'), x('in.bias'), { transB: true }) },
  batch_norm: {
    build: ({ b, x, number, option }) => {
      const state = {
        scale: x('in.weight'),
        bias: x('in.bias'),
        mean: x('running_mean.before'),
        variance: x('running_var.before'),
      };
      const [momentum, eps] = [number('momentum'), number('eps')];
      if (option('training') !== true) return b.batchNormalization(x('in.x'), state, eps);
      const result = b.batchNormTrain(x('in.x'), state, { momentum, eps });
      return {
        out: result.y,
        'running_mean.after': result.runningMean,
        'running_var.after': result.runningVar,
      };
    },
    roundedConstants: true,
    // One file has two values a channel: there the normalised ones are +-1 whatever x is, and dx vanishes but for eps,
    // the difference of terms of the size of 1 / std, up to 60.
    cancellation: 32,
  },
  cross_entropy: {
    build: ({ b, x, option }) => {
      const target = b.cast(x('target'), 'int32');
      const smoothing = option('label_smoothing');
      return crossEntropy(b, x('in.x'), target, {
        reduction: option('reduction') === 'sum' ? 'sum' : 'mean',
        labelSmoothing: typeof smoothing === 'number' ? smoothing : 0,
      });
    },
    roundedConstants: true,
  },
};

/** Operators of the golden files that do not exist yet; every other file without a builder fails the tests. */
export const pending: readonly string[] = [];

function layerContext(b: Builder): LayerContext {
  const none = (): never => {
    throw new TypeError('this layer has no parameters');
  };
  return {
    b,
    training: true,
    parameter: none,
    buffer: none,
    isFrozen: () => false,
    step: none,
    update: none,
    layer: (_kind, _name, body) => body(),
  };
}
