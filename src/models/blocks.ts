import {
  add,
  batchNorm,
  chain,
  constantInit,
  conv,
  heNormalInit,
  identity,
  named,
  paddedShortcut,
  relu,
  type Net,
} from '../net/index.js';

/** How the shortcut bridges a change of shape: He et al., section 3.3, options A and B; a plain network has none. */
export type Shortcut = 'padded' | 'projection' | 'none';

/** What follows each convolution: batch normalisation, or nothing, in which case the convolution has a bias. */
export type Norm = 'batch' | 'none';

/** What a residual block depends on. */
export interface BlockOptions {
  /** Channels that come in. */
  readonly inputs: number;
  /** Channels of the 3x3 convolution. */
  readonly width: number;
  readonly stride: number;
  readonly shortcut: Shortcut;
  /** Whether the last batch norm starts with weight 0; without batch norm it has no meaning. */
  readonly zeroInit: boolean;
  /** Default `batch`. */
  readonly norm?: Norm;
}

/** A kind of residual block. */
export interface Block {
  /** Channels that go out, as a multiple of the width. */
  readonly expansion: number;
  readonly build: (options: BlockOptions) => Net;
}

/** Two 3x3 convolutions. Source: He et al., figure 5 left, https://arxiv.org/abs/1512.03385 */
export const basicBlock: Block = {
  expansion: 1,
  build: ({ width, stride, zeroInit, norm, ...rest }) =>
    residual(
      chain(...[...convNorm(width, 3, { stride, norm }), relu()], ...convNorm(width, 3, { norm, zeroInit })),
      { ...rest, norm, outputs: width, stride },
    ),
};

/**
 * 1x1, 3x3, 1x1, the last with four times the channels. The stride is on the 3x3, as in torchvision; the paper has it on
 * the first 1x1. Source: He et al., figure 5 right, https://arxiv.org/abs/1512.03385
 */
export const bottleneck: Block = {
  expansion: 4,
  build: ({ width, stride, zeroInit, norm, ...rest }) =>
    residual(
      chain(
        ...[...convNorm(width, 1, { norm }), relu()],
        ...[...convNorm(width, 3, { stride, norm }), relu()],
        ...convNorm(4 * width, 1, { norm, zeroInit }),
      ),
      { ...rest, norm, outputs: 4 * width, stride },
    ),
};

/** What a stage depends on. */
export interface StageOptions extends BlockOptions {
  readonly block: Block;
  /** Number of blocks; the first has the stride. */
  readonly blocks: number;
}

/** Blocks of one width, one after the other: `layer1.0`, `layer1.1`, ... */
export function stage(name: string, { block, blocks, ...options }: StageOptions): Net {
  const outputs = options.width * block.expansion;
  const one = (_: unknown, i: number): Net =>
    named(`${i}`, block.build(i === 0 ? options : { ...options, inputs: outputs, stride: 1 }));
  return named(name, chain(...Array.from({ length: blocks }, one)));
}

/** How `convNorm` varies. */
export interface ConvNormOptions {
  readonly stride?: number;
  readonly norm?: Norm | undefined;
  /** Whether the batch norm starts with weight 0. */
  readonly zeroInit?: boolean;
  /** Names of the two layers; default: by kind and number. */
  readonly names?: readonly [conv: string, norm: string];
}

/**
 * Convolution with an odd kernel that keeps the size at stride 1, and its batch norm, whose bias takes the place of the
 * convolution's. Without batch norm the bias starts at 0, as in He et al. 2015, section 2.2:
 * https://arxiv.org/abs/1502.01852
 */
export function convNorm(
  channels: number,
  kernel: number,
  { stride = 1, norm = 'batch', zeroInit = false, names }: ConvNormOptions,
): readonly Net[] {
  const options = { stride, padding: (kernel - 1) / 2, init: heInit, ...(names && { name: names[0] }) };
  if (norm === 'none') return [conv(channels, kernel, { ...options, biasInit: constantInit(0) })];
  return [
    conv(channels, kernel, { ...options, bias: false }),
    batchNorm({ weight: zeroInit ? 0 : 1, ...(names && { name: names[1] }) }),
  ];
}

/** torchvision's initialisation of convolutions: normal, variance 2 / fan-out. */
const heInit = (_fanIn: number, fanOut: number): ReturnType<typeof heNormalInit> => heNormalInit(fanOut);

type ResidualOptions = Pick<BlockOptions, 'shortcut' | 'inputs' | 'stride'> & {
  readonly outputs: number;
  readonly norm: Norm | undefined;
};

/** relu(main(x) + shortcut(x)); without a shortcut relu(main(x)). */
function residual(main: Net, { shortcut, inputs, outputs, stride, norm }: ResidualOptions): Net {
  if (shortcut === 'none') return chain(main, relu());
  const sameShape = stride === 1 && inputs === outputs;
  return chain(add(main, sameShape ? identity() : resized(shortcut, outputs, stride, norm)), relu());
}

function resized(
  shortcut: Exclude<Shortcut, 'none'>,
  outputs: number,
  stride: number,
  norm: Norm | undefined,
): Net {
  if (shortcut === 'padded') return paddedShortcut(outputs, stride);
  return named('downsample', chain(...convNorm(outputs, 1, { stride, norm, names: ['0', '1'] })));
}
