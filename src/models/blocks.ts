import {
  add,
  batchNorm,
  chain,
  conv,
  heNormalInit,
  identity,
  named,
  paddedShortcut,
  relu,
  type Net,
} from '../net/index.js';

/** How the shortcut gets over a change of shape: He et al., section 3.3, options A and B; a plain network has none. */
export type Shortcut = 'padded' | 'projection' | 'none';

/** What a residual block depends on. */
export interface BlockOptions {
  /** Channels that come in. */
  readonly inputs: number;
  /** Channels of the 3x3 convolution. */
  readonly width: number;
  readonly stride: number;
  readonly shortcut: Shortcut;
  /** Whether the last batch norm starts with weight 0. */
  readonly zeroInit: boolean;
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
  build: ({ width, stride, zeroInit, ...rest }) =>
    residual(
      chain(
        ...[conv3x3(width, stride), batchNorm(), relu()],
        ...[conv3x3(width), batchNorm({ weight: zeroInit ? 0 : 1 })],
      ),
      { ...rest, outputs: width, stride },
    ),
};

/**
 * 1x1, 3x3, 1x1, the last with four times the channels. The stride is on the 3x3, as in torchvision; the paper has it on
 * the first 1x1. Source: He et al., figure 5 right, https://arxiv.org/abs/1512.03385
 */
export const bottleneck: Block = {
  expansion: 4,
  build: ({ width, stride, zeroInit, ...rest }) =>
    residual(
      chain(
        ...[conv1x1(width), batchNorm(), relu()],
        ...[conv3x3(width, stride), batchNorm(), relu()],
        ...[conv1x1(4 * width), batchNorm({ weight: zeroInit ? 0 : 1 })],
      ),
      { ...rest, outputs: 4 * width, stride },
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

/** 3x3 convolution that keeps the size at stride 1; batch norm follows, so it has no bias. */
export function conv3x3(channels: number, stride = 1): Net {
  return conv(channels, 3, { stride, padding: 1, bias: false, init: heInit });
}

function conv1x1(channels: number, stride = 1, name?: string): Net {
  const options = { stride, bias: false, init: heInit };
  return conv(channels, 1, name === undefined ? options : { ...options, name });
}

/** torchvision's initialisation of convolutions: normal, variance 2 / fan-out. */
export const heInit = (_fanIn: number, fanOut: number): ReturnType<typeof heNormalInit> =>
  heNormalInit(fanOut);

/** relu(main(x) + shortcut(x)); without a shortcut relu(main(x)). */
function residual(
  main: Net,
  { shortcut, inputs, outputs, stride }: Omit<BlockOptions, 'width' | 'zeroInit'> & { outputs: number },
): Net {
  if (shortcut === 'none') return chain(main, relu());
  const sameShape = stride === 1 && inputs === outputs;
  return chain(add(main, sameShape ? identity() : resized(shortcut, outputs, stride)), relu());
}

function resized(shortcut: Exclude<Shortcut, 'none'>, outputs: number, stride: number): Net {
  if (shortcut === 'padded') return paddedShortcut(outputs, stride);
  return named('downsample', chain(conv1x1(outputs, stride, '0'), batchNorm({ name: '1' })));
}
