import { ModelError } from '../errors.js';

/** How pixels become the model's input: x = (pixel / 255 - mean) / std, channel by channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** How an exported classifier describes itself, kept in the `metadata_props` of its `.onnx`. */
export interface ModelCard {
  /** Name of the network, e.g. `mnist-cnn`. */
  readonly network: string;
  /** Label of each class index. */
  readonly classes: readonly string[];
  /** Channels, height and width of an image. */
  readonly input: readonly [channels: number, height: number, width: number];
  readonly normalization: Normalization;
  /** Where the weights come from: data, recipe, accuracy, versions, date. Free-form JSON. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

const keys = {
  network: 'ort_train.network',
  classes: 'ort_train.classes',
  input: 'ort_train.input',
  normalization: 'ort_train.normalization',
  provenance: 'ort_train.provenance',
} as const;

/** Pixels / 255 and nothing else. */
export function plainNormalization(channels: number): Normalization {
  return { mean: new Array<number>(channels).fill(0), std: new Array<number>(channels).fill(1) };
}

/** The card as `metadata_props`: each value a string, all but the name JSON. */
export function cardToMetadata(card: ModelCard): Readonly<Record<string, string>> {
  return {
    [keys.network]: card.network,
    [keys.classes]: JSON.stringify(card.classes),
    [keys.input]: JSON.stringify(card.input),
    [keys.normalization]: JSON.stringify(card.normalization),
    [keys.provenance]: JSON.stringify(card.provenance),
  };
}

/** The card in a model's metadata. Throws ModelError, naming what is missing or malformed, for a model without one. */
export function cardFromMetadata(metadata: ReadonlyMap<string, string>, where: string): ModelCard {
  const read = (key: keyof typeof keys): unknown => {
    const text = metadata.get(keys[key]);
    if (text === undefined) {
      throw new ModelError(
        `${where}: expected a classifier exported by ort-train, but its metadata has no '${keys[key]}'`,
      );
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new ModelError(`${where}: its metadata '${keys[key]}' is not JSON`, { cause: error });
    }
  };
  const classes = read('classes');
  const input = read('input');
  const normalization = read('normalization') as Partial<Normalization> | null;
  const provenance = read('provenance');
  const wrong = (key: keyof typeof keys, expected: string): never => {
    throw new ModelError(
      `${where}: its metadata '${keys[key]}': expected ${expected}, got ${metadata.get(keys[key]) ?? ''}`,
    );
  };
  if (!isList(classes, 'string')) return wrong('classes', 'a list of labels');
  if (!isList(input, 'number') || input.length !== 3) return wrong('input', '[channels, height, width]');
  const [channels = 0, height = 0, width = 0] = input;
  const mean = normalization?.mean;
  const std = normalization?.std;
  if (
    !isList(mean, 'number') ||
    !isList(std, 'number') ||
    mean.length !== channels ||
    std.length !== channels
  ) {
    return wrong('normalization', `mean and std of ${channels} channels`);
  }
  return {
    network: metadata.get(keys.network) ?? '',
    classes,
    input: [channels, height, width],
    normalization: { mean, std },
    provenance: (provenance ?? {}) as Readonly<Record<string, unknown>>,
  };
}

function isList(value: unknown, type: 'string'): value is readonly string[];
function isList(value: unknown, type: 'number'): value is readonly number[];
function isList(value: unknown, type: string): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}
