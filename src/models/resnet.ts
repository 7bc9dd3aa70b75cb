import { OptionError } from '../errors.js';
import {
  chain,
  defineNetwork,
  globalAveragePool,
  linear,
  maxPool,
  relu,
  type Net,
  type Network,
} from '../net/index.js';
import {
  basicBlock,
  bottleneck,
  convNorm,
  stage,
  type Block,
  type BlockOptions,
  type Norm,
  type Shortcut,
} from './blocks.js';
import { halvedSides, type ImageSize } from './image-size.js';

/** Depths of the ResNets for ImageNet. */
export const resNetDepths = [18, 34, 50, 101, 152] as const;

/** Number of layers with weights. */
export type ResNetDepth = (typeof resNetDepths)[number];

/** He et al., table 1: the kind of block and the number of blocks in conv2_x to conv5_x. */
const table: Readonly<Record<ResNetDepth, readonly [Block, readonly [number, number, number, number]]>> = {
  18: [basicBlock, [2, 2, 2, 2]],
  34: [basicBlock, [3, 4, 6, 3]],
  50: [bottleneck, [3, 4, 6, 3]],
  101: [bottleneck, [3, 4, 23, 3]],
  152: [bottleneck, [3, 8, 36, 3]],
};

/** Options of `resnet`. */
export interface ResNetOptions {
  /** Default 1000. */
  readonly classes?: number;
  /** Channels of the images; default 3. */
  readonly channels?: number;
  /** Default 224; at least 17. */
  readonly imageSize?: ImageSize;
  /**
   * `projection` (default): 1x1 convolutions where the shape changes, the paper's option B and torchvision's way;
   * `padded`: option A; `none`: the plain network.
   */
  readonly shortcut?: Shortcut;
  /** Whether the last batch norm of each block starts with weight 0 (https://arxiv.org/abs/1706.02677); default false. */
  readonly zeroInitResidual?: boolean;
  /**
   * `batch` (default): batch norm after each convolution; `none`: none at all, each convolution has a bias instead. The
   * initialisation stays, so that without batch norm the sum in each residual block doubles the variance at the start.
   */
  readonly norm?: Norm;
  /** Default `resnet18`, `plain18`, ..., without batch norm `resnet18-nonorm`, ... */
  readonly name?: string;
}

/**
 * ResNet-18, 34, 50, 101 or 152 for images [N,channels,H,W]: parameters, names, order and initialisation are
 * torchvision's. Throws OptionError for an unknown depth, an image too small to be halved five times, and for
 * `zeroInitResidual` without shortcuts, where nothing would flow, or without batch norm, which it sets.
 * Source: https://arxiv.org/abs/1512.03385, https://pytorch.org/vision/stable/models/resnet.html
 *
 * @example
 * const network = resnet(18, { classes: 10, channels: 1, imageSize: 64 });
 */
export function resnet(depth: ResNetDepth, options: ResNetOptions = {}): Network {
  if (!Object.hasOwn(table, depth)) {
    throw new OptionError(`resnet: depth: expected one of ${resNetDepths.join(', ')}, got ${depth}`);
  }
  const { classes = 1000, channels = 3, imageSize = 224, shortcut = 'projection' } = options;
  const { zeroInitResidual = false, norm = 'batch' } = options;
  const { name = networkName(depth, '', shortcut, norm) } = options;
  checkNorm(name, { norm, shortcut, zeroInit: zeroInitResidual });
  const [block, [conv2, conv3, conv4, conv5]] = table[depth];
  const layer = (i: number, blocks: number, width: number, stride: number, inputs: number): Net =>
    stage(`layer${i}`, { block, blocks, width, stride, inputs, shortcut, norm, zeroInit: zeroInitResidual });
  const { expansion: e } = block;
  return defineNetwork({
    name,
    input: [channels, ...halvedSides(name, imageSize, 5)],
    classes,
    net: chain(
      ...[...convNorm(64, 7, { stride: 2, norm }), relu()],
      maxPool(3, { stride: 2, padding: 1 }),
      layer(1, conv2, 64, 1, 64),
      layer(2, conv3, 128, 2, 64 * e),
      layer(3, conv4, 256, 2, 128 * e),
      layer(4, conv5, 512, 2, 256 * e),
      globalAveragePool(),
      linear(classes, { name: 'fc' }),
    ),
  });
}

/** `resnet20-cifar`, `plain18`, `plain56-cifar-nonorm`. */
export function networkName(depth: number, family: string, shortcut: Shortcut, norm: Norm): string {
  return `${shortcut === 'none' ? 'plain' : 'resnet'}${depth}${family}${norm === 'none' ? '-nonorm' : ''}`;
}

/** Throws OptionError for an unknown norm, and for a block that would begin as zero or has no batch norm to do so. */
export function checkNorm(
  network: string,
  { norm, shortcut, zeroInit }: Required<Pick<BlockOptions, 'norm' | 'shortcut' | 'zeroInit'>>,
): void {
  // Callers without TypeScript.
  if (!['batch', 'none'].includes(norm)) {
    throw new OptionError(`${network}: norm: expected batch or none, got ${JSON.stringify(norm)}`);
  }
  if (!zeroInit) return;
  const lacking = shortcut === 'none' ? "shortcuts, got shortcut 'none'" : "batch norm, got norm 'none'";
  if (shortcut === 'none' || norm === 'none') {
    throw new OptionError(`${network}: zeroInitResidual: expected a network with ${lacking}`);
  }
}
