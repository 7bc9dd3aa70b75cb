import { OptionError } from '../errors.js';
import type { StateSpec } from './net.js';
import type { Network } from './network.js';

/** Options of `freeze`. */
export interface FreezeOptions {
  /** Patterns of tensors that stay trainable although a pattern fits them. */
  readonly except?: readonly string[];
}

/**
 * The network with some of its tensors frozen: training neither changes them nor computes gradients for them. A pattern
 * is a tensor's name or its leading dotted part, `*` standing for any characters: `layer1`, `layer*.0.conv1`, `*.bias`.
 * Where weight and bias of a batch normalisation are frozen its running statistics are too, and it works as in
 * evaluation; freezing `*.running_*` alone does that and leaves weight and bias trainable. What was frozen before
 * stays frozen; `freeze(network, [])` changes nothing.
 *
 * Throws OptionError for a pattern that fits no tensor, and if no parameter would be left to train.
 *
 * @example
 * freeze(resnet(18), ['*'], { except: ['layer4', 'fc'] }); // trains the last stage and the head
 */
export function freeze(network: Network, patterns: readonly string[], options: FreezeOptions = {}): Network {
  const { state } = network;
  const fits = matcher(network, patterns);
  const spared = matcher(network, options.except ?? []);
  const named = new Set(state.filter((spec) => spec.frozen || (fits(spec) && !spared(spec))));
  const free = new Set(state.filter((spec) => spec.kind === 'parameter' && !named.has(spec)).map(layerOf));
  const owners = new Set(state.filter(({ kind }) => kind === 'parameter').map(layerOf));
  const isFrozen = (spec: StateSpec): boolean => {
    const layer = layerOf(spec);
    return named.has(spec) || (spec.kind === 'buffer' && owners.has(layer) && !free.has(layer));
  };
  if (!state.some((spec) => spec.kind === 'parameter' && !isFrozen(spec))) {
    throw new OptionError(`freeze ${network.name}: expected some parameter to train, all are frozen`);
  }
  return { ...network, state: state.map((spec) => ({ ...spec, frozen: isFrozen(spec) })) };
}

/** Name of the layer that a tensor belongs to. */
function layerOf({ name }: StateSpec): string {
  return name.slice(0, Math.max(name.lastIndexOf('.'), 0));
}

/** Whether any of the patterns fits a tensor; each must fit at least one of the network's. */
function matcher(network: Network, patterns: readonly string[]): (spec: StateSpec) => boolean {
  const tests = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
    const expression = new RegExp(`^${parts.join('.*')}(?:\\.|$)`);
    if (!network.state.some(({ name }) => expression.test(name))) {
      const names = network.state.map(({ name }) => name).slice(0, 4);
      throw new OptionError(
        `freeze ${network.name}: '${pattern}': expected a pattern that fits a tensor, such as ${names.join(', ')}`,
      );
    }
    return expression;
  });
  return ({ name }) => tests.some((expression) => expression.test(name));
}
