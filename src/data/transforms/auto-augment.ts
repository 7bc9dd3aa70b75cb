import type { Picture } from '../picture.js';
import { brightened, contrasted, saturated } from './blend.js';
import { arctan, roundEven } from './maths.js';
import { sharpened } from './sharpness.js';
import { autocontrasted, equalized, posterized, solarized } from './tones.js';
import { affineMatrix, rotation, warp, type AffineOptions, type Mapping } from './warp.js';

/** The operations of RandAugment and TrivialAugment, in torchvision's order. */
export const operations = [
  'identity',
  'shearX',
  'shearY',
  'translateX',
  'translateY',
  'rotate',
  'brightness',
  'color',
  'contrast',
  'sharpness',
  'posterize',
  'solarize',
  'autoContrast',
  'equalize',
] as const;

export type Operation = (typeof operations)[number];

/** How strong an operation may get: the last of its magnitudes. */
export interface Strengths {
  readonly shear: number;
  /** Pixels to the right and down. */
  readonly translate: readonly [x: number, y: number];
  /** Degrees. */
  readonly rotate: number;
  /** Of brightness, color, contrast and sharpness: factors are 1 +- this. */
  readonly enhance: number;
  /** Bits that posterize takes away. */
  readonly posterize: number;
}

const { fround } = Math;

/** `bins` numbers from the first to the last in float32, from both ends, as `torch.linspace` computes them. */
function linspace(first: number, last: number, bins: number): readonly number[] {
  const [from, to] = [fround(first), fround(last)];
  if (bins === 1) return [from];
  const step = fround(fround(to - from) / (bins - 1));
  return Array.from({ length: bins }, (_, i) =>
    i < bins >> 1 ? fround(from + fround(step * i)) : fround(to - fround(step * (bins - 1 - i))),
  );
}

/** The magnitudes of an operation, and whether their sign is drawn, too; nothing for one that has none. */
export function magnitudes(
  operation: Operation,
  strengths: Strengths,
  bins: number,
): { readonly isSigned: boolean; readonly values: readonly number[] } | undefined {
  const upTo = (most: number) => ({ isSigned: true, values: linspace(0, most, bins) });
  switch (operation) {
    case 'identity':
    case 'autoContrast':
    case 'equalize':
      return undefined;
    case 'shearX':
    case 'shearY':
      return upTo(strengths.shear);
    case 'translateX':
      return upTo(strengths.translate[0]);
    case 'translateY':
      return upTo(strengths.translate[1]);
    case 'rotate':
      return upTo(strengths.rotate);
    case 'brightness':
    case 'color':
    case 'contrast':
    case 'sharpness':
      return upTo(strengths.enhance);
    case 'posterize': {
      const step = (bins - 1) / strengths.posterize;
      const values = Array.from({ length: bins }, (_, i) =>
        roundEven(fround(8 - (i === 0 ? 0 : fround(i / step)))),
      );
      return { isSigned: false, values };
    }
    case 'solarize':
      return { isSigned: false, values: linspace(1, 0, bins) };
  }
}

/** Where and how pixels are read by the operations that move them. */
export interface OperateOptions {
  readonly mapping: Mapping;
  /** One number for each channel. */
  readonly fill: readonly number[];
}

/**
 * One operation of a magnitude, as torchvision does it with Pillow. A shear moves the last row or column by magnitude times
 * the size, the first one not at all; moves are rounded towards 0.
 */
export function operate(
  picture: Picture,
  operation: Operation,
  magnitude: number,
  { mapping, fill }: OperateOptions,
): Picture {
  const moved = (change: Partial<AffineOptions>): Picture => {
    const center = [picture.width * 0.5, picture.height * 0.5] as const;
    const all: AffineOptions = { angle: 0, translate: [0, 0], scale: 1, shear: [0, 0], center, ...change };
    return warp(picture, affineMatrix(all), mapping, fill);
  };
  switch (operation) {
    case 'identity':
      return picture;
    case 'shearX':
      return moved({ shear: [arctan(magnitude), 0], center: [0, 0] });
    case 'shearY':
      return moved({ shear: [0, arctan(magnitude)], center: [0, 0] });
    case 'translateX':
      return moved({ translate: [Math.trunc(magnitude), 0] });
    case 'translateY':
      return moved({ translate: [0, Math.trunc(magnitude)] });
    case 'rotate':
      return warp(picture, rotation(magnitude, picture), mapping, fill);
    case 'brightness':
      return brightened(picture, 1 + magnitude);
    case 'color':
      return saturated(picture, 1 + magnitude);
    case 'contrast':
      return contrasted(picture, 1 + magnitude);
    case 'sharpness':
      return sharpened(picture, 1 + magnitude);
    case 'posterize':
      return posterized(picture, Math.trunc(magnitude));
    case 'solarize':
      return solarized(picture, 255 * magnitude);
    case 'autoContrast':
      return autocontrasted(picture);
    case 'equalize':
      return equalized(picture);
  }
}
