import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../src/data/picture.js';
import {
  magnitudes,
  operate,
  operations,
  type Operation,
} from '../../../src/data/transforms/auto-augment.js';
import { brightened, contrasted, saturated } from '../../../src/data/transforms/blend.js';
import { channelValues } from '../../../src/data/transforms/colour.js';
import { crop, type PaddingMode } from '../../../src/data/transforms/crop.js';
import { blurred } from '../../../src/data/transforms/gaussian-blur.js';
import { withoutColours } from '../../../src/data/transforms/grey.js';
import { hueShifted } from '../../../src/data/transforms/hue.js';
import { transformer, type TransformSpec } from '../../../src/data/transforms/index.js';
import { randStrengths } from '../../../src/data/transforms/rand-augment.js';
import { erased } from '../../../src/data/transforms/random-erasing.js';
import { resample, type Box } from '../../../src/data/transforms/resample.js';
import { sharpened } from '../../../src/data/transforms/sharpness.js';
import {
  autocontrasted,
  equalized,
  inverted,
  posterized,
  solarized,
} from '../../../src/data/transforms/tones.js';
import { trivialStrengths } from '../../../src/data/transforms/trivial-augment-wide.js';
import {
  affineMatrix,
  rotation,
  warp,
  type AffineOptions,
  type Mapping,
} from '../../../src/data/transforms/warp.js';
import { decoded, difference, golden, image, type Case } from './golden.js';

type Size = readonly [number, number];

/** Each function of torchvision's with the one that is held against it. */
const functions: Readonly<Record<string, (picture: Picture, args: never) => Picture>> = {
  resize: (picture, args: object) => transformer([{ name: 'resize', ...args } as TransformSpec])(picture),
  resizedCrop: (picture, args: Box & { size: Size; interpolation: 'bilinear' | 'bicubic' }) =>
    resample(picture, { size: args.size, interpolation: args.interpolation, box: args }),
  centerCrop: (picture, { size }: { size: Size }) => transformer([{ name: 'centerCrop', size }])(picture),
  padCrop(
    picture,
    args: { padding: number[]; mode: PaddingMode; fill: number; top: number; left: number; size: Size },
  ) {
    const [left = 0, top = left] = args.padding;
    const box = {
      top: args.top - top,
      left: args.left - left,
      height: args.size[0],
      width: args.size[1],
    };
    return crop(picture, box, channelValues(args.fill, picture.channels, ''), args.mode);
  },
  flip: (picture, { direction }: { direction: 'horizontal' | 'vertical' }) =>
    transformer([{ name: 'flip', direction, p: 1 }])(picture),
  rotate: (picture, args: { angle: number; interpolation: Mapping; fill: number }) =>
    warp(
      picture,
      rotation(args.angle, picture),
      args.interpolation,
      channelValues(args.fill, picture.channels, ''),
    ),
  affine(picture, args: AffineOptions & { interpolation: Mapping; fill: number }) {
    const matrix = affineMatrix({ ...args, center: [picture.width * 0.5, picture.height * 0.5] });
    return warp(picture, matrix, args.interpolation, channelValues(args.fill, picture.channels, ''));
  },
  brightness: (picture, { factor }: { factor: number }) => brightened(picture, factor),
  contrast: (picture, { factor }: { factor: number }) => contrasted(picture, factor),
  saturation: (picture, { factor }: { factor: number }) => saturated(picture, factor),
  sharpness: (picture, { factor }: { factor: number }) => sharpened(picture, factor),
  hue: (picture, { factor }: { factor: number }) => hueShifted(picture, factor),
  grayscale: (picture) => withoutColours(picture),
  posterize: (picture, { bits }: { bits: number }) => posterized(picture, bits),
  solarize: (picture, { threshold }: { threshold: number }) => solarized(picture, threshold),
  autocontrast: (picture) => autocontrasted(picture),
  equalize: (picture) => equalized(picture),
  invert: (picture) => inverted(picture),
  gaussianBlur: (picture, args: { kernelSize: number; sigma: number }) =>
    blurred(picture, args.kernelSize, args.sigma),
  erase: (picture, args: Box & { value: number[] }) =>
    erased(picture, args, channelValues(args.value, picture.channels, '')),
  auto: (picture, args: { op: Operation; magnitude: number }) =>
    operate(picture, args.op, args.magnitude, {
      mapping: 'nearest',
      fill: channelValues(0, picture.channels, ''),
    }),
};

/**
 * Where values differ from those over Pillow's images, and why. Torchvision blurs in float32, we in float64: a sum within
 * float32's error of a half may be rounded to the other side.
 */
const tolerances: Readonly<Record<string, number>> = { gaussianBlur: 1 };

/**
 * Torchvision's path over tensors rounds elsewhere: its resize keeps 15 bits of a coefficient where Pillow keeps 22, its grey
 * has other weights (0.2989) and is rounded down, its contrast takes a mean that is not rounded. Each of these is below 1; a
 * mix that takes x (1 - factor) away from a grey that is 1 off is off by |1 - factor| more. It always resizes rows first: where
 * Pillow begins with columns, what bicubic sums overshoot is cut off at other pixels (by 4 of 255 in this one).
 */
function ofTensors(op: string, { factor = 1, size, interpolation }: Case['args']): number {
  if (op === 'resize' && interpolation === 'bicubic' && String(size) === '9,40') return 4;
  return 1 + Math.ceil(Math.abs(1 - (factor as number)));
}

describe("transforms against torchvision's values", () => {
  for (const [op, apply] of Object.entries(functions)) {
    const cases = golden.cases.filter((each) => each.op === op);
    it(`${op}: ${cases.length} cases`, () => {
      expect(cases.length).toBeGreaterThan(0);
      for (const { image: name, args, result, tensor } of cases) {
        const label = `${op} of ${name} ${JSON.stringify(args)}`;
        const picture = image(name);
        const before = picture.data.slice();
        const ours = apply(picture, args as never);
        expect(difference(ours, decoded(result)), label).toBeLessThanOrEqual(tolerances[op] ?? 0);
        // The pixels that it was given are others' too.
        expect(picture.data, label).toEqual(before);
        if (tensor) {
          const most = ofTensors(op, args);
          expect(difference(ours, decoded(tensor)), `${label} as tensor`).toBeLessThanOrEqual(most);
        }
      }
    });
  }

  it('knows every function that was written', () => {
    expect([...new Set(golden.cases.map(({ op }) => op))].sort()).toEqual(Object.keys(functions).sort());
  });

  it('magnitudes', () => {
    for (const { kind, bins, height, width, table } of golden.spaces) {
      const strengths = kind === 'RandAugment' ? randStrengths({ height, width }) : trivialStrengths;
      const names = Object.fromEntries(operations.map((operation) => [operation, 0]));
      expect(Object.keys(table)).toEqual(Object.keys(names));
      for (const operation of operations) {
        const ours = magnitudes(operation, strengths, bins);
        const theirs = table[operation];
        const label = `${kind} ${operation} ${bins}`;
        expect(ours?.isSigned ?? false, label).toBe(theirs?.signed);
        expect(ours?.values.length, label).toBe(theirs?.magnitudes?.length);
        for (const [i, value] of (ours?.values ?? []).entries()) {
          const other = theirs?.magnitudes?.[i] ?? NaN;
          // `torch.linspace` adds steps up within a vector of the CPU's: two roundings of float32 more.
          expect(Math.abs(value - other), label).toBeLessThanOrEqual(2 ** -22 * Math.abs(other));
          // Moves are cut to whole pixels: those that are whole to float32's last digit may be one less there.
          const isWhole = Math.abs(value - Math.round(value)) <= 2 ** -22 * value;
          if (operation.startsWith('translate') && !isWhole) {
            expect(Math.trunc(value), label).toBe(Math.trunc(other));
          }
        }
      }
    }
  });
});
