import { defined, repeatedName } from '../checks.js';
import { ModelError } from '../errors.js';

/** How pixels become the model's input: x = (pixel / 255 - mean) / std, channel by channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** How a picture of any size becomes an image of the model's size: what evaluation did in training. */
export interface CardPreprocessing {
  /** Deterministic transforms in their order, as plain JSON: a name and options. */
  readonly transforms: readonly { readonly name: string }[];
  /** The colour that transparent pixels are laid on, `#rrggbb`. */
  readonly background: string;
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
  /** How pictures of any size become images; absent for a model that takes images of exactly its size. */
  readonly preprocessing?: CardPreprocessing;
  /** Where the weights come from: data, recipe, accuracy, versions, date. Free-form JSON. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

const keys = {
  network: 'ort_train.network',
  classes: 'ort_train.classes',
  input: 'ort_train.input',
  normalization: 'ort_train.normalization',
  preprocessing: 'ort_train.preprocessing',
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
    ...(card.preprocessing && { [keys.preprocessing]: JSON.stringify(card.preprocessing) }),
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
  const preprocessing = metadata.has(keys.preprocessing) ? read('preprocessing') : undefined;
  const provenance = read('provenance');
  const wrong = (key: keyof typeof keys, expected: string): never => {
    throw new ModelError(
      `${where}: its metadata '${keys[key]}': expected ${expected}, got ${metadata.get(keys[key]) ?? ''}`,
    );
  };
  if (!isList(classes, 'string')) return wrong('classes', 'a list of labels');
  const twice = repeatedName(classes);
  if (twice !== undefined) return wrong('classes', `each label once ('${twice}' comes twice)`);
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
  if (!mean.every(Number.isFinite) || !std.every((value) => value > 0 && value < Infinity)) {
    return wrong('normalization', 'finite numbers, std above 0');
  }
  if (preprocessing !== undefined && !isPreprocessing(preprocessing)) {
    return wrong('preprocessing', preprocessingForm);
  }
  return {
    network: metadata.get(keys.network) ?? '',
    classes,
    input: [channels, height, width],
    normalization: { mean, std },
    ...defined({ preprocessing }),
    provenance: (provenance ?? {}) as Readonly<Record<string, unknown>>,
  };
}

/** What a card's preprocessing looks like, for errors. */
export const preprocessingForm =
  '{ "transforms": [{ "name": ... }, ...], "background": "#rrggbb" }, transforms with a name each';

/** Whether a value has the form of a card's preprocessing; which transforms there are is known where they are applied. */
export function isPreprocessing(value: unknown): value is CardPreprocessing {
  if (!isObject(value)) return false;
  const { transforms, background } = value;
  return (
    Array.isArray(transforms) &&
    transforms.every((each) => isObject(each) && typeof each['name'] === 'string') &&
    typeof background === 'string' &&
    /^#[\da-f]{6}$/i.test(background)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown, type: 'string'): value is readonly string[];
function isList(value: unknown, type: 'number'): value is readonly number[];
function isList(value: unknown, type: string): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}
