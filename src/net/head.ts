import { OptionError } from '../errors.js';
import { formatShape } from '../ir/index.js';
import type { StateSpec } from './net.js';
import { defineNetwork, frozenNames, type Network } from './network.js';

/**
 * The network with a new last linear layer for another number of classes; all other layers keep their names
 * and stay frozen where they were. The new head is not frozen. Throws OptionError if the network does not end in a linear layer.
 *
 * @example
 * const network = freeze(replaceHead(resnet(18), 5), ['*'], { except: ['layer4', 'fc'] });
 */
export function replaceHead(network: Network, classes: number): Network {
  const replaced = withClasses(network, classes);
  const kept = frozenNames(network);
  const head = headNames(network);
  const state = replaced.state.map((spec) => ({
    ...spec,
    frozen: kept.has(spec.name) && !head.has(spec.name),
  }));
  return { ...replaced, state };
}

/**
 * Names of the tensors whose shapes depend on the number of classes: those of the last linear layer.
 *
 * @example
 * headNames(resnet(18)); // fc.weight, fc.bias
 */
export function headNames(network: Network): ReadonlySet<string> {
  const shapes = new Map(network.state.map(({ name, shape }) => [name, formatShape(shape)]));
  const differs = ({ name, shape }: StateSpec): boolean => shapes.get(name) !== formatShape(shape);
  const other = withClasses(network, network.classes + 1);
  return new Set(other.state.filter(differs).map(({ name }) => name));
}

function withClasses(network: Network, classes: number): Network {
  const { name, input, net } = network;
  if (net.withOutputs === undefined) {
    throw new OptionError(`replaceHead: expected ${name} to end in a linear layer, got '${net.label}'`);
  }
  return defineNetwork({ name, input, classes, net: net.withOutputs(classes) });
}
