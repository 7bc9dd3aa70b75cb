import type { TransformSpec } from './schema.js';

/** The size of what comes out: [height, width] in pixels. */
export type OutputSize = readonly [height: number, width: number];

/** The recipes that have a name. */
export type AugmentPolicy = 'none' | 'light' | 'standard' | 'strong';

/**
 * What evaluation and prediction do with a picture of any size: the shorter side gets the size (of the longer one, where they
 * differ), so that the middle that is cut out is covered, and what lies at the ends of the longer side is lost. Torchvision's
 * own recipe resizes to 256 and cuts out 224, for objects in the middle of their pictures; objects that fill them, as in most
 * folders, would lose their edges.
 *
 * @example
 * const prepare = transformer(evalTransforms([128, 128]));
 */
export const evalTransforms = ([height, width]: OutputSize): readonly TransformSpec[] => [
  { name: 'resize', size: Math.max(height, width) },
  { name: 'centerCrop', size: [height, width] },
];

/** A random crop of at least a part of the area, of the shape that comes out, made wider or higher by a third at the most. */
const crops = ([height, width]: OutputSize, least: number): TransformSpec => ({
  name: 'randomResizedCrop',
  size: [height, width],
  scale: [least, 1],
  ratio: [(3 / 4) * (width / height), (4 / 3) * (width / height)],
});

/** Grey of the mean of ImageNet's channels (0.485, 0.456, 0.406): what is 0 after normalisation, where torchvision erases. */
const MEAN = 115;

/**
 * Transforms of training pictures by the name of a recipe, from the size of what comes out.
 *
 * - `none`: as evaluation sees them.
 * - `light`: crops of 70 to 100 % of the area, mirrored in half of the cases. For objects that fill their pictures, and for
 *   short training of pretrained weights.
 * - `standard`: crops of 35 to 100 %, mirrored, brightness, contrast and saturation +-20 %. What fastai trains on folders of
 *   photos with (its Imagenette recipes crop from 35 %, its `aug_transforms` change lighting by 0.2). From some tens to tens of
 *   thousands of pictures, crops from ImageNet's 8 % would often miss the object, and hue is left alone, as colour is often
 *   what tells classes apart.
 * - `strong`: torchvision's recipe for training from scratch: crops of 8 to 100 %, mirrored, TrivialAugment, a rectangle erased
 *   in 10 % of the cases. For large sets and long training.
 *
 * @example
 * const augment = transformer(augmentPolicies.standard([128, 128]));
 */
export const augmentPolicies: Readonly<
  Record<AugmentPolicy, (size: OutputSize) => readonly TransformSpec[]>
> = {
  none: evalTransforms,
  light: (size) => [crops(size, 0.7), { name: 'flip' }],
  standard: (size) => [
    crops(size, 0.35),
    { name: 'flip' },
    { name: 'colorJitter', brightness: 0.2, contrast: 0.2, saturation: 0.2 },
  ],
  strong: (size) => [
    crops(size, 0.08),
    { name: 'flip' },
    { name: 'trivialAugmentWide' },
    { name: 'randomErasing', p: 0.1, value: MEAN },
  ],
};
