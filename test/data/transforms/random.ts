import type { Picture } from '../../../src/data/picture.js';
import { augmentPolicies, transformer, type TransformSpec } from '../../../src/data/transforms/index.js';
import { mix } from '../../../src/mix.js';

/** A picture of noise. */
export function noisy(height: number, width: number, channels = 3, seed = 1): Picture {
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) => mix(seed * 7919 + i) >>> 24);
  return { data, height, width, channels };
}

/** One of each transform that draws something. */
export const random: readonly TransformSpec[] = [
  { name: 'randomResizedCrop', size: [20, 24] },
  { name: 'randomCrop', size: 18, padding: 2, paddingMode: 'reflect' },
  { name: 'flip' },
  { name: 'flip', direction: 'vertical' },
  { name: 'rotate', degrees: 20, fill: 7 },
  { name: 'affine', degrees: 5, translate: [0.1, 0.2], scale: [0.8, 1.1], shear: [-5, 5, -3, 3] },
  { name: 'colorJitter', brightness: 0.3, contrast: [0.5, 1.5], saturation: 0.2, hue: 0.1 },
  { name: 'grayscale', p: 0.3 },
  { name: 'gaussianBlur', kernelSize: 3 },
  { name: 'randAugment' },
  { name: 'trivialAugmentWide' },
  { name: 'invert' },
  { name: 'randomErasing', value: 'random' },
];

/** What Node and browsers must agree on: every random transform and every policy, on small pictures. */
export function transformed(): readonly Picture[] {
  const lists = [
    ...random.map((each) => [each]),
    random,
    ...Object.values(augmentPolicies).map((policy) => policy([18, 24])),
  ];
  return lists.flatMap((list) => {
    const apply = transformer(list);
    return Array.from({ length: 12 }, (_, index) =>
      apply(noisy(24 + index, 40 - index, index % 4 === 0 ? 1 : 3), { seed: 7, epoch: 3, index }),
    );
  });
}
