import * as v from 'valibot';
import { checked, variant, type Schema } from '../../schema.js';
import { affine } from './affine.js';
import { centerCrop } from './center-crop.js';
import { colorJitter } from './color-jitter.js';
import { flip } from './flip.js';
import { gaussianBlur } from './gaussian-blur.js';
import { grayscale } from './grayscale.js';
import { invert } from './invert.js';
import type { Kind } from './kind.js';
import { randAugment } from './rand-augment.js';
import { randomCrop } from './random-crop.js';
import { randomErasing } from './random-erasing.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { resize } from './resize.js';
import { rotate } from './rotate.js';
import { trivialAugmentWide } from './trivial-augment-wide.js';

/** Every transform by its name. */
const kinds = {
  resize,
  centerCrop,
  randomResizedCrop,
  randomCrop,
  flip,
  rotate,
  affine,
  colorJitter,
  grayscale,
  randomErasing,
  gaussianBlur,
  randAugment,
  trivialAugmentWide,
  invert,
};

/** A transform in plain JSON, with its name and options. */
export const transformSchema = variant('name', [
  resize.schema,
  centerCrop.schema,
  randomResizedCrop.schema,
  randomCrop.schema,
  flip.schema,
  rotate.schema,
  affine.schema,
  colorJitter.schema,
  grayscale.schema,
  randomErasing.schema,
  gaussianBlur.schema,
  randAugment.schema,
  trivialAugmentWide.schema,
  invert.schema,
]);

/** Transforms one after the other. */
export const transformsSchema = v.pipe(v.array(transformSchema, 'a list of transforms'), v.readonly());

/**
 * A transform of one picture in plain JSON; names, options, defaults and distributions are those of torchvision's
 * `transforms.v2`, in camel case: `resize`, `centerCrop`, `randomResizedCrop`, `randomCrop`, `flip` (RandomHorizontalFlip and
 * RandomVerticalFlip), `rotate` (RandomRotation), `affine` (RandomAffine), `colorJitter`, `grayscale` (RandomGrayscale),
 * `randomErasing`, `gaussianBlur`, `randAugment`, `trivialAugmentWide`, `invert` (RandomInvert).
 *
 * @see https://docs.pytorch.org/vision/stable/transforms.html
 */
export type TransformSpec = v.InferInput<typeof transformSchema>;

/** A transform with its defaults. */
export type FullTransformSpec = v.InferOutput<typeof transformSchema>;

/** What the library knows of a transform. */
export const kindOf = ({ name }: FullTransformSpec): Kind<Schema> => kinds[name];

/** A transform with its defaults, checked. Throws OptionError that says where, what was expected and what came. */
export const checkTransform = (spec: TransformSpec, where = 'transform'): FullTransformSpec =>
  checked(transformSchema, spec, where);
