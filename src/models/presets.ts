import { OptionError } from '../errors.js';
import type { Network } from '../net/index.js';
import { mnistCnn } from './mnist-cnn.js';

/** What every preset can be told; what is left out is the preset's own. */
export interface PresetOptions {
  readonly classes?: number;
  readonly channels?: number;
}

/** The built-in networks by name. */
const presets = {
  'mnist-cnn': (options) => mnistCnn(options),
  'mnist-cnn-small': (options) => mnistCnn({ ...options, widths: [20, 30, 50], name: 'mnist-cnn-small' }),
} as const satisfies Readonly<Record<string, (options: PresetOptions) => Network>>;

/** Name of a built-in network. */
export type PresetName = keyof typeof presets;

/** The names of the built-in networks. */
export const presetNames = Object.keys(presets) as readonly PresetName[];

/**
 * A built-in network. Throws OptionError for an unknown name.
 *
 * @example
 * const network = presetNetwork('mnist-cnn');
 */
export function presetNetwork(name: string, options: PresetOptions = {}): Network {
  if (!Object.hasOwn(presets, name)) {
    throw new OptionError(`preset: expected one of ${presetNames.join(', ')}, got '${name}'`);
  }
  return presets[name as PresetName](options);
}
