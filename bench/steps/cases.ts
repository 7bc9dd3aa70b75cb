import {
  cifarDepths,
  cifarResnet,
  presetNetwork,
  type PresetName,
  type Network,
} from '../../src/program/index.js';
import { OptionError } from '../../src/errors.js';
import { dilated18, mobilenet, resnext50, resnextBlocks } from './networks.js';

/** One thing to measure: a network, its batch, and what the peer calls it. */
export interface BenchCase {
  /** `resnet18-64`: the network and, where it matters, the image's side. */
  readonly net: string;
  readonly batch: number;
  readonly network: () => Network;
  /** Arguments of the peer's script: network and, if not its own, the image's side. */
  readonly peer: { readonly net: string; readonly size?: number };
}

const torchvision = (preset: PresetName, imageSize: number, batch: number): BenchCase => ({
  net: `${preset}-${imageSize}`,
  batch,
  network: () => presetNetwork(preset, { classes: 10, imageSize }),
  peer: { net: preset, size: imageSize },
});

/** With projections on both sides, so that both do the same work. */
const cifar = (depth: number): BenchCase => ({
  net: `resnet${depth}-cifar`,
  batch: 128,
  network: () => cifarResnet(depth, { shortcut: 'projection' }),
  peer: { net: `resnet${depth}-cifar` },
});

/** The networks of the benchmark. */
export const benchCases: readonly BenchCase[] = [
  { net: 'mnist-cnn', batch: 64, network: () => presetNetwork('mnist-cnn'), peer: { net: 'mnist-cnn' } },
  cifar(20),
  torchvision('resnet18', 64, 16),
  torchvision('resnet18', 224, 16),
  torchvision('resnet50', 224, 8),
];

const other = (net: string, build: (size: number) => Network, size: number, batch: number): BenchCase => ({
  net: `${net}-${size}`,
  batch,
  network: () => build(size),
  peer: { net, size },
});

/** Further networks, measured when they are asked for. */
const moreCases: readonly BenchCase[] = [
  ...cifarDepths.filter((depth) => depth !== 20).map(cifar),
  other('resnext50', resnext50, 64, 16),
  other('resnextblocks', resnextBlocks, 64, 16),
  other('mobilenet', mobilenet, 64, 16),
  other('dilated18', dilated18, 128, 8),
];

/**
 * The cases by name: `resnet18` stands for both of its sizes, none for all of `benchCases`. Throws OptionError for an
 * unknown name.
 */
export function findCases(names: readonly string[] | undefined): readonly BenchCase[] {
  if (names === undefined) return benchCases;
  return names.flatMap((name) => {
    const found = [...benchCases, ...moreCases].filter(
      ({ net }) => net === name || net.startsWith(`${name}-`),
    );
    if (found.length > 0) return found;
    const known = [...benchCases, ...moreCases].map(({ net }) => net).join(', ');
    throw new OptionError(`--net: expected some of ${known}, got '${name}'`);
  });
}
