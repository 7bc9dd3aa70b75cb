import { checkOption } from '../checks.js';
import {
  chain,
  defineNetwork,
  globalAveragePool,
  linear,
  relu,
  type Net,
  type Network,
} from '../net/index.js';
import { basicBlock, convNorm, stage, type Shortcut } from './blocks.js';
import { halvedSides } from './image-size.js';
import { checkNorm, networkName, type ResNetOptions } from './resnet.js';

/** Depths of the ResNets that the paper trains on CIFAR-10. */
export const cifarDepths = [20, 32, 44, 56, 110] as const;

/** 6n + 2 layers with weights. */
export type CifarDepth = (typeof cifarDepths)[number];

/** Options of `cifarResnet`. */
export interface CifarResNetOptions extends Omit<ResNetOptions, 'shortcut'> {
  /** `padded` (default): the paper's option A, which adds no parameters; `projection`: option B; `none`: plain. */
  readonly shortcut?: Shortcut;
  /** Channels of the three stages; default 16, 32 and 64, as in the paper. The name does not show them. */
  readonly widths?: readonly [number, number, number];
}

/**
 * The ResNets of He et al., section 4.2: a 3x3 convolution and three stages of n basic blocks with 16, 32 and 64
 * channels, 6n + 2 layers, for images [N,channels,H,W] of 32x32 or any size from 3 on. Other depths of the form 6n + 2
 * work too. Default: 10 classes, 3 channels, 32x32. Throws OptionError for another depth or image size, and as `resnet`.
 * Source: https://arxiv.org/abs/1512.03385
 *
 * @example
 * const network = cifarResnet(20, { channels: 1, imageSize: 28 });
 * const narrow = cifarResnet(20, { widths: [8, 16, 32] }); // a quarter of the work
 * const bare = cifarResnet(56, { shortcut: 'none', norm: 'none' }); // plain, without batch norm
 */
export function cifarResnet(depth: number, options: CifarResNetOptions = {}): Network {
  const n = (depth - 2) / 6;
  const fits = Number.isInteger(n) && n >= 1;
  checkOption('cifarResnet: depth', depth, fits, '6n + 2 (20, 32, 44, 56, 110)');
  const {
    classes = 10,
    channels = 3,
    imageSize = 32,
    shortcut = 'padded',
    zeroInitResidual = false,
    norm = 'batch',
    widths: [a, b, c] = [16, 32, 64],
  } = options;
  const { name = networkName(depth, '-cifar', shortcut, norm) } = options;
  checkNorm(name, { norm, shortcut, zeroInit: zeroInitResidual });
  const layer = (i: number, width: number, stride: number, inputs: number): Net =>
    stage(`layer${i}`, {
      ...{ block: basicBlock, blocks: n, width, stride, inputs },
      ...{ shortcut, norm, zeroInit: zeroInitResidual },
    });
  return defineNetwork({
    name,
    input: [channels, ...halvedSides(name, imageSize, 2)],
    classes,
    net: chain(
      ...[...convNorm(a, 3, { norm }), relu()],
      layer(1, a, 1, a),
      layer(2, b, 2, a),
      layer(3, c, 2, b),
      globalAveragePool(),
      linear(classes, { name: 'fc' }),
    ),
  });
}
