import { cifarResnet, mnistCnn, presetNetwork, resnet, type Network } from '../program/index.js';
import { OptionError } from '../errors.js';
import type { NetworkSpec, WorkerRun } from './protocol.js';

/** The network of a run. Throws OptionError for an unknown family, and as the family's own function. */
export function networkOf({ network, preset, ...options }: WorkerRun): Network {
  if (network === undefined) return presetNetwork(preset ?? 'mnist-cnn', options);
  if (preset !== undefined) throw new OptionError('preset and network: expected one of them, got both');
  return networkFrom(network);
}

function networkFrom(spec: NetworkSpec): Network {
  switch (spec.family) {
    case 'mnist-cnn':
      return mnistCnn(spec);
    case 'cifar-resnet':
      return cifarResnet(spec.depth, spec);
    case 'resnet':
      return resnet(spec.depth, spec);
    default: {
      const { family } = spec as { readonly family?: unknown };
      throw new OptionError(
        `network: family: expected one of mnist-cnn, cifar-resnet, resnet, got ${JSON.stringify(family)}`,
      );
    }
  }
}
