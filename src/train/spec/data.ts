import * as v from 'valibot';
import { normalizationProblem } from '../../checks.js';
import { transformSchema } from '../../data/index.js';
import {
  either,
  list,
  names,
  number,
  object,
  flag,
  oneOf,
  optional,
  positive,
  said,
  text,
  whole,
  wordsOf,
} from '../../schema.js';
import { readJson } from './network.js';

const group = 'Data:';

const dataOptionsSchema = object({
  classes: optional(
    said(names('labels'), 'labels of the classes in their order, for a folder of your own', {
      ...{ group, flag: 'labels', names: true },
    }),
  ),
  cacheDir: optional(said(text(), 'where downloaded data sets are kept', { group })),
  digits: optional(
    object({
      train: optional(
        said(whole(1), 'embedded digits to train on', { group, flag: 'digitsTrain', fallback: '38400' }),
      ),
      test: optional(
        said(whole(1), 'embedded digits to test on', { group, flag: 'digitsTest', fallback: '2000' }),
      ),
      seed: optional(
        said(whole(0), 'seed of the embedded digits', { group, flag: 'digitsSeed', fallback: '1' }),
      ),
    }),
  ),
  valSplit: optional(
    said(
      number({ above: 0, below: 1 }),
      'share of each class that is held out to test with, where the data have no test part',
      {
        ...{ group, fallback: '0.2' },
      },
    ),
  ),
  splitSeed: optional(
    said(whole(0), 'seed of the choice of the pictures held out', { group, fallback: '0' }),
  ),
  skipBadImages: optional(
    said(flag(), 'go on without pictures that cannot be read, and list them in the run folder', { group }),
  ),
  cache: optional(
    said(
      oneOf(['ram', 'disk', 'none']),
      'where decoded pictures are kept, as many as there is room for: ram, disk or none',
      { group, fallback: 'ram' },
    ),
  ),
});

/** What is trained on, and how it is opened. */
export const dataFields = {
  data: optional(
    said(
      text(),
      'digits (embedded), mnist, fashion-mnist, cifar10, cifar100; a folder of pictures in class folders, a .csv or .jsonl ' +
        "list, tar shards as 'shards-{000..009}.tar', or a folder of IDX, EMNIST or CIFAR files",
    ),
    'digits',
  ),
  dataOptions: optional(said(dataOptionsSchema, 'how they are opened', { here: true })),
};

const images = 'Images:';

const policySchema = oneOf(['none', 'light', 'standard', 'strong']);
const transformsSchema = list(transformSchema, 'a list of transforms');

/** He et al., 4.2: images of the old size cut out of padded ones, and mirrored. */
const cifarSchema = object({
  pad: optional(
    said(whole(0), 'pad each training image by so many black pixels and cut a random part of its size', {
      ...{ group: images, flag: 'randomCrop', fallback: '0' },
    }),
  ),
  crop: optional(said(flag(), 'whether to cut, true unless given where there is a pad', { flag: false })),
  flip: optional(
    said(flag(), 'mirror half of the training images left and right', {
      group: images,
      flag: 'randomFlip',
    }),
  ),
});

/** A policy, names of transforms, or JSON; anything else is left for the schema to refuse. */
function readTransforms(typed: string): unknown {
  const words = typed.split(',').map((word) => word.trim());
  if (/^\s*[[{]/.test(typed)) return readJson(typed);
  return words.length === 1 && !wordsOf('name', transformSchema.options).includes(typed)
    ? typed
    : words.map((name) => ({ name }));
}

type Fields = Record<string, unknown>;

/** What is done to the images: random changes in training, normalisation always. */
export const transformFields = {
  augment: optional(
    said(
      either([policySchema, transformsSchema, cifarSchema], (value) =>
        typeof value === 'string' ? policySchema : Array.isArray(value) ? transformsSchema : cifarSchema,
      ),
      'random changes of the training images: none, light, standard or strong; names of transforms with commas; or a JSON list of them',
      { group: images, order: true, read: readTransforms, fallback: 'standard for pictures, else none' },
    ),
  ),
  preprocess: optional(
    said(
      transformsSchema,
      'what every picture goes through in evaluation and prediction, as a JSON list of transforms',
      {
        ...{ group: images, read: readTransforms },
        fallback: 'shorter side to the image size, and the middle of it',
      },
    ),
  ),
  background: optional(
    said(
      v.pipe(v.string('a colour as #ffffff'), v.regex(/^#[0-9a-f]{6}$/i, 'a colour as #ffffff')),
      'colour under transparent pixels of pictures, as #000000',
      { group: images, fallback: '#ffffff' },
    ),
  ),
  mixup: optional(
    said(
      positive(),
      'mix each training image with the one before it in the batch, in parts from Beta(a, a); labels, too',
      { group: images, order: true },
    ),
  ),
  cutmix: optional(
    said(
      positive(),
      'give each training image a box of the one before it in the batch, its share from Beta(a, a); labels, too',
      { group: images, order: true },
    ),
  ),
  normalization: optional(
    v.pipe(
      object({
        mean: optional(
          said(list(number()), 'subtracted from pixel / 255, a number for each channel, as 0.49,0.48,0.45', {
            group: images,
          }),
        ),
        std: optional(
          said(list(number()), 'divided by after that, a number for each channel, as 0.25,0.24,0.26', {
            group: images,
          }),
        ),
      }),
      v.rawCheck(({ dataset, addIssue }) => {
        const problem = dataset.typed ? normalizationProblem(dataset.value) : undefined;
        if (problem === undefined) return;
        const { option: key, expected: message, got: value } = problem;
        const place = {
          type: 'object',
          origin: 'value',
          input: dataset.value as Fields,
          key,
          value,
        } as const;
        addIssue({ message, input: value, path: [place] });
      }),
    ),
  ),
};
