import * as v from 'valibot';
import {
  presetNames,
  resNetDepths,
  presetNetwork,
  cifarResnet,
  mnistCnn,
  resnet,
} from '../../models/index.js';
import { freeze, type Network } from '../../net/index.js';
import { OptionError } from '../../errors.js';
import { defined } from '../../checks.js';
import {
  flag,
  list,
  object,
  oneOf,
  optional,
  said,
  text,
  tuple,
  shown,
  variant,
  whole,
  wordsOf,
} from '../../schema.js';

const group = 'Network:';
const pixels = 'pixels a side, or height and width as [48, 64]';

/** `28` or `48x64`, as the command line writes it; anything else is left for the schema to refuse. */
function readSize(typed: string): unknown {
  const [, height, width] = /^(\d+)(?:x(\d+))?$/.exec(typed) ?? [];
  if (height === undefined) return typed;
  return width === undefined ? Number(height) : [Number(height), Number(width)];
}

/** JSON, as the command line writes it; anything else is left for the schema to refuse. */
export function readJson(typed: string): unknown {
  try {
    return JSON.parse(typed) as unknown;
  } catch {
    return typed;
  }
}

/** Options of every network; what is left out is the network's default, on the command line the data's. */
export const sizeFields = {
  classes: optional(said(whole(1), 'classes to tell apart', { group })),
  channels: optional(said(whole(1), 'channels of the images', { group })),
  imageSize: optional(
    said(
      v.union([whole(1), tuple([whole(1), whole(1)], pixels)], pixels),
      'size of the images: 28, or height x width as 48x64',
      { group, read: readSize },
    ),
  ),
};

const widths = optional(tuple([whole(1), whole(1), whole(1)], 'three numbers of channels'));
const common = { ...sizeFields, norm: optional(oneOf(['batch', 'none'])), name: optional(text()) };
const residual = {
  ...common,
  shortcut: optional(oneOf(['projection', 'padded', 'none'])),
  zeroInitResidual: optional(flag()),
};

/** A network of a built-in family by its numbers, as `{ family: 'cifar-resnet', depth: 20, norm: 'none' }`. */
export const networkSchema = variant('family', [
  object({
    ...{ family: v.literal('mnist-cnn'), ...common, widths },
    shortcut: optional(oneOf(['identity', 'none'])),
  }),
  object({ family: v.literal('cifar-resnet'), depth: whole(8), ...residual, widths }),
  object({
    family: v.literal('resnet'),
    depth: v.picklist(resNetDepths, `one of ${resNetDepths.join(', ')}`),
    ...residual,
  }),
]);

/** A network of a built-in family by its numbers, which can be sent to a worker or written to a file; a `Network` cannot. */
export type NetworkSpec = v.InferInput<typeof networkSchema>;

/** The fields that say which network is trained. */
const networkChoiceSchema = object({
  preset: optional(
    said(oneOf(presetNames), 'built-in network: mnist-cnn, mnist-cnn-small, resnet18, resnet20-cifar, ...', {
      fallback: 'mnist-cnn, for pictures resnet18',
    }),
  ),
  network: optional(
    said(networkSchema, 'one of a family instead, as JSON: {"family":"cifar-resnet","depth":20}', {
      group,
      read: readJson,
    }),
  ),
  ...sizeFields,
  freeze: optional(
    object({
      patterns: optional(
        said(list(text(), 'patterns'), 'tensors or layers that are not trained, as layer1,layer2 or *.bias', {
          ...{ group: 'Fine-tuning:', flag: 'freeze' },
        }),
      ),
      except: optional(
        said(
          list(text(), 'patterns'),
          'layers that are trained although --freeze fits them; without --freeze nothing else is',
          { group: 'Fine-tuning:', flag: 'freezeExcept' },
        ),
      ),
    }),
  ),
});

export const networkFields = networkChoiceSchema.entries;

/** The fields that say which network is trained. */
export interface NetworkChoice extends Omit<v.InferInput<typeof networkChoiceSchema>, 'network'> {
  readonly network?: Network | NetworkSpec;
}

/**
 * The network of a run. Throws OptionError as the network's own function, and for a pattern that fits no tensor.
 *
 * @example
 * const network = networkOf({ preset: 'resnet18', classes: 5, freeze: { except: ['layer4', 'fc'] } });
 */
export function networkOf(choice: NetworkChoice): Network {
  const { preset = 'mnist-cnn', network: given, freeze: frozen, classes, channels, imageSize } = choice;
  const sizes = defined({ classes, channels, imageSize });
  const network =
    given === undefined
      ? presetNetwork(preset, sizes)
      : 'net' in given
        ? given
        : familyNetwork({ ...sizes, ...given });
  if (frozen === undefined) return network;
  const { patterns = ['*'], except = [] } = frozen;
  return freeze(network, patterns, { except });
}

function familyNetwork(spec: NetworkSpec): Network {
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
        `network.family: expected one of ${wordsOf('family', networkSchema.options).join(', ')}, got ${shown(family)}`,
      );
    }
  }
}
