import { OptionError } from '../errors.js';
import type { Network } from '../net/index.js';
import type { ImageSize } from './image-size.js';
import { mnistCnn } from './mnist-cnn.js';
import { cifarDepths, cifarResnet, type CifarDepth } from './resnet-cifar.js';
import { resnet, resNetDepths, type ResNetDepth } from './resnet.js';

/** Options of every preset; what is left out has the preset's own default. */
export interface PresetOptions {
  readonly classes?: number;
  /** Channels of the images. */
  readonly channels?: number;
  /** Pixels a side, or height and width. */
  readonly imageSize?: ImageSize;
}

/** Name of a built-in network: the tutorial's, the ResNets, those for CIFAR, and the same without shortcuts. */
export type PresetName =
  | 'mnist-cnn'
  | 'mnist-cnn-small'
  | `${'resnet' | 'plain'}${ResNetDepth}`
  | `${'resnet' | 'plain'}${CifarDepth}-cifar`;

type Make = (options: PresetOptions) => Network;

const byDepth = <D extends number>(
  depths: readonly D[],
  nameOf: (depth: D) => PresetName,
  make: (depth: D, options: PresetOptions) => Network,
): (readonly [PresetName, Make])[] =>
  depths.map((depth) => [nameOf(depth), (options) => make(depth, options)] as const);

/** The built-in networks by name. */
const presets: ReadonlyMap<string, Make> = new Map<PresetName, Make>([
  ['mnist-cnn', (options) => mnistCnn(options)],
  ['mnist-cnn-small', (options) => mnistCnn({ ...options, widths: [20, 30, 50], name: 'mnist-cnn-small' })],
  ...byDepth(resNetDepths, (depth) => `resnet${depth}`, resnet),
  ...byDepth(
    resNetDepths,
    (depth) => `plain${depth}`,
    (depth, options) => resnet(depth, { ...options, shortcut: 'none' }),
  ),
  ...byDepth(cifarDepths, (depth) => `resnet${depth}-cifar`, cifarResnet),
  ...byDepth(
    cifarDepths,
    (depth) => `plain${depth}-cifar`,
    (depth, options) => cifarResnet(depth, { ...options, shortcut: 'none' }),
  ),
]);

/** The names of the built-in networks. */
export const presetNames = [...presets.keys()] as readonly PresetName[];

/**
 * A built-in network. Throws OptionError for an unknown name, and for an image too small for its strides.
 *
 * @example
 * const network = presetNetwork('resnet20-cifar', { channels: 1, imageSize: 28 });
 */
export function presetNetwork(name: string, options: PresetOptions = {}): Network {
  const make = presets.get(name);
  if (make === undefined) {
    throw new OptionError(`preset: expected one of ${presetNames.join(', ')}, got '${name}'`);
  }
  return make(options);
}
