import { createHash } from 'node:crypto';
import { toJsonSchema } from '@valibot/to-json-schema';
import { describe, expect, it } from 'vitest';
import { uniform } from '../../../src/data/transforms/draw.js';
import {
  augmentPolicies,
  checkTransform,
  describeTransforms,
  evalTransforms,
  transformer,
  transformsSchema,
  type AugmentPolicy,
  type Transform,
  type TransformSpec,
} from '../../../src/data/transforms/index.js';
import type { Picture } from '../../../src/data/picture.js';
import { DataError, OptionError } from '../../../src/errors.js';
import { noisy, random, transformed } from './random.js';

const shape = ({ height, width, channels, data }: Picture): readonly number[] => {
  expect(data.length).toBe(height * width * channels);
  return [height, width, channels];
};

describe('transformer', () => {
  it('gives the same pixels for seed, epoch and index, whatever was done before, and others for others', () => {
    const apply = transformer(random);
    const again = transformer(random);
    const pictures = Array.from({ length: 12 }, (_, i) => noisy(25 + i, 31, 3, i));
    const of = (run: typeof apply, index: number, seed = 5, epoch = 2): string =>
      run(pictures[index] as Picture, { seed, epoch, index }).data.join();
    const forwards = pictures.map((_, i) => of(apply, i));
    const backwards = pictures.map((_, i) => of(again, 11 - i)).reverse();
    expect(backwards).toEqual(forwards);
    const others = [...forwards, of(apply, 3, 6), of(apply, 3, 5, 3)];
    expect(new Set(others).size).toBe(others.length);
  });

  it('takes as many numbers off the stream whatever is drawn, so that what follows is the same', () => {
    for (const spec of random) {
      const follows: number[] = [];
      const probe: Transform = (picture, stream) => {
        follows.push(stream.next());
        return picture;
      };
      const apply = transformer([spec, probe]);
      for (const picture of [noisy(40, 30), noisy(40, 30, 3, 9), noisy(30, 90), noisy(22, 22, 1)]) {
        apply(picture, { seed: 1, epoch: 0, index: 4 });
      }
      expect(new Set(follows).size, spec.name).toBe(1);
    }
  });

  it('gives the same pixels as ever: runs that go on see what they would have seen', () => {
    const digest = createHash('sha256');
    for (const { data } of transformed()) digest.update(data);
    expect(digest.digest('hex')).toMatchInlineSnapshot(
      `"4b5d5829988e174a8d5f9a6faa63bf34654cdb4ccbfcc0abbd87405b2b9481ef"`,
    );
  });

  it('leaves the pixels that it gets as they are', () => {
    const picture = noisy(30, 30);
    const before = picture.data.slice();
    for (const spec of random) {
      const apply = transformer([spec]);
      for (let index = 0; index < 20; index++) apply(picture, { seed: 1, epoch: 0, index });
    }
    expect(picture.data).toEqual(before);
  });

  it('refuses random transforms without a stream, and only those', () => {
    for (const spec of random) {
      expect(() => transformer([{ name: 'resize', size: 20 }, spec])(noisy(30, 30))).toThrow(
        new OptionError(`transforms[1]: ${spec.name} is random, for which seed, epoch and index are needed`),
      );
    }
    const fixed: readonly TransformSpec[] = [
      { name: 'resize', size: 20 },
      { name: 'centerCrop', size: 20 },
      { name: 'flip', p: 1 },
      { name: 'flip', p: 0 },
      { name: 'grayscale', p: 1 },
      { name: 'invert', p: 1 },
      { name: 'rotate', degrees: [90, 90] },
      { name: 'rotate', degrees: 0 },
      { name: 'affine', degrees: 0, scale: [2, 2] },
      { name: 'colorJitter' },
      { name: 'colorJitter', brightness: [1.5, 1.5] },
      { name: 'gaussianBlur', kernelSize: 3, sigma: 1 },
      { name: 'randAugment', numOps: 0 },
      { name: 'randomErasing', p: 0 },
    ];
    for (const spec of fixed) {
      const apply = transformer([spec]);
      const picture = noisy(30, 30);
      expect(apply(picture)).toEqual(apply(picture, { seed: 3, epoch: 1, index: 2 }));
    }
  });

  it('takes transforms of your own, with random numbers of the picture', () => {
    const darker: Transform = ({ data, ...rest }) => ({ ...rest, data: data.map((value) => value >> 1) });
    const picture = noisy(8, 8);
    const plain = transformer([darker, { name: 'flip', p: 1 }, { name: 'flip', p: 1 }])(picture);
    expect(plain.data).toEqual(picture.data.map((value) => value >> 1));
    const drawn: number[] = [];
    const draws: Transform = (now, stream) => {
      drawn.push(uniform(stream, [0, 1]));
      return now;
    };
    const apply = transformer([draws]);
    for (const index of [1, 2, 1]) apply(picture, { seed: 1, epoch: 0, index });
    expect(drawn[0]).toBe(drawn[2]);
    expect(drawn[0]).not.toBe(drawn[1]);
    expect(() => apply(picture)).toThrow('transforms[0]: draws random numbers');
    expect(() => transformer([(now) => ({ ...now, width: 7 })])(picture)).toThrow(
      new DataError(
        'transforms[0]: expected a picture with height * width * channels samples, got 192 for 8x7 with 3 channels',
      ),
    );
  });

  it('says where a description is wrong, what was expected and what came', () => {
    const message = (...transforms: unknown[]): string => {
      try {
        transformer(transforms as Transform[]);
      } catch (error) {
        expect(error).toBeInstanceOf(OptionError);
        return (error as Error).message;
      }
      return 'taken';
    };
    const flip = { name: 'flip' };
    expect({
      unknown: message(flip, { name: 'mirror' }),
      text: message('flip'),
      option: message(flip, { name: 'randomResizedCrop', size: 8, scales: [0.1, 1] }),
      order: message(flip, { name: 'randomResizedCrop', size: 8, scale: [1, 0.1] }),
      least: message(flip, { name: 'randomResizedCrop', size: 8, scale: [0, 1] }),
      short: message({ name: 'randomResizedCrop', size: 8, scale: [1] }),
      missing: message({ name: 'resize' }),
      size: message({ name: 'resize', size: [8, 0] }),
      maxSize: message({ name: 'resize', size: 20, maxSize: 10 }),
      maxBoth: message({ name: 'resize', size: [20, 20], maxSize: 30 }),
      probability: message({ name: 'flip', p: 1.5 }),
      even: message({ name: 'gaussianBlur', kernelSize: 4 }),
      magnitude: message({ name: 'randAugment', magnitude: 31 }),
      hue: message({ name: 'colorJitter', hue: 0.7 }),
      shear: message({ name: 'affine', degrees: 0, shear: 90 }),
      fill: message({ name: 'rotate', degrees: 3, fill: 256 }),
      notAList: messageOfWhole(flip),
    }).toMatchInlineSnapshot(`
      {
        "even": "transforms[0].kernelSize: expected an odd number from 1 to 255, got 4",
        "fill": "transforms[0].fill: expected a whole number from 0 to 255, got 256",
        "hue": "transforms[0].hue: expected a number from 0 to 0.5, got 0.7",
        "least": "transforms[1].scale[0]: expected a number in (0, 1], got 0",
        "magnitude": "transforms[0].magnitude: expected a whole number below numMagnitudeBins, got 31",
        "maxBoth": "transforms[0].maxSize: expected a whole number of at least size, where that is of the shorter side alone, got 30",
        "maxSize": "transforms[0].maxSize: expected a whole number of at least size, where that is of the shorter side alone, got 10",
        "missing": "transforms[0].size: expected a whole number of at least 1 for both sides, or [height, width], got nothing",
        "notAList": "transforms: expected a list of transforms, got {"name":"flip"}",
        "option": "transforms[1]: unknown option scales; did you mean scale?",
        "order": "transforms[1].scale: expected two numbers, the lower one first, got [1,0.1]",
        "probability": "transforms[0].p: expected a number from 0 to 1, got 1.5",
        "shear": "transforms[0].shear: expected a number in [0, 90), got 90",
        "short": "transforms[0].scale[1]: expected a number in (0, 1], got nothing",
        "size": "transforms[0].size: expected a whole number of at least 1 for both sides, or [height, width], got [8,0]",
        "text": "transforms[0]: expected an object with name, got "flip"",
        "unknown": "transforms[1].name: expected one of resize, centerCrop, randomResizedCrop, randomCrop, flip, rotate, affine, colorJitter, grayscale, randomErasing, gaussianBlur, randAugment, trivialAugmentWide, invert, got "mirror"",
      }
    `);
  });

  it('says which transform a picture does not fit', () => {
    const stream = { seed: 1, epoch: 0, index: 0 };
    const small = transformer([{ name: 'flip' }, { name: 'randomCrop', size: 32, padding: 1 }]);
    expect(() => small(noisy(20, 40), stream)).toThrow(
      new DataError(
        'transforms[1]: expected pictures of at least 32x32 with their padding, got one of 20x40; ' +
          'padIfNeeded: true pads those that are smaller',
      ),
    );
    const padded = transformer([{ name: 'randomCrop', size: 32, padding: 1, padIfNeeded: true }]);
    expect(shape(padded(noisy(20, 40), stream))).toEqual([32, 32, 3]);
    const colours = transformer([{ name: 'rotate', degrees: 5, fill: [1, 2, 3] }]);
    expect(() => colours(noisy(9, 9, 1), stream)).toThrow(
      new DataError(
        'transforms[0].fill: expected one number, or one for each channel of the picture (1), got 3',
      ),
    );
  });

  it('computes only what a crop leaves of a resize: the same pixels', () => {
    const sizes = [
      [40, 61],
      [61, 40],
      [90, 23],
      [23, 90],
      [24, 24],
      [24, 37],
      [9, 9],
    ] as const;
    for (const interpolation of ['bilinear', 'bicubic'] as const) {
      for (const size of [24, [20, 30]] as const) {
        for (const cut of [24, [11, 23], [30, 20]] as const) {
          for (const [height, width] of sizes) {
            for (const channels of [1, 3]) {
              const picture = noisy(height, width, channels);
              const resize: TransformSpec = { name: 'resize', size, interpolation };
              const crop: TransformSpec = { name: 'centerCrop', size: cut };
              const apart = transformer([crop])(transformer([resize])(picture));
              expect(transformer([resize, crop])(picture)).toEqual(apart);
            }
          }
        }
      }
    }
  });

  it('has a JSON Schema', () => {
    const schema = JSON.stringify(toJsonSchema(transformsSchema, { errorMode: 'ignore' }));
    for (const { name } of random) expect(schema).toContain(`"${name}"`);
  });
});

function messageOfWhole(whole: unknown): string {
  try {
    transformer(whole as Transform[]);
  } catch (error) {
    return (error as Error).message;
  }
  return 'taken';
}

describe('policies', () => {
  const sizes = [
    [64, 64],
    [32, 48],
    [28, 20],
  ] as const;

  it('make pictures of any size and of one or three channels into those of the size', () => {
    for (const policy of Object.keys(augmentPolicies) as AugmentPolicy[]) {
      for (const size of sizes) {
        const apply = transformer(augmentPolicies[policy](size));
        for (const [height, width] of [
          [100, 80],
          [17, 300],
          [300, 17],
          [64, 64],
          [5, 5],
          [1, 1],
        ] as const) {
          for (const channels of [1, 3]) {
            const picture = noisy(height, width, channels);
            for (let index = 0; index < 6; index++) {
              expect(shape(apply(picture, { seed: 1, epoch: 0, index }))).toEqual([...size, channels]);
            }
          }
        }
      }
    }
  });

  it('see nothing but the picture where they crop', () => {
    for (const size of sizes) {
      const policies = [augmentPolicies.none, augmentPolicies.light, augmentPolicies.standard];
      for (const policy of policies) {
        const crops = policy(size).filter(({ name }) => name !== 'colorJitter');
        for (const [height, width] of [
          [33, 90],
          [90, 33],
          [7, 7],
        ] as const) {
          const white = { data: new Uint8Array(height * width).fill(255), height, width, channels: 1 };
          const { data } = transformer(crops)(white, { seed: 1, epoch: 0, index: 3 });
          expect(data.every((value) => value === 255)).toBe(true);
        }
      }
    }
  });

  it('are plain', () => {
    for (const policy of Object.values(augmentPolicies)) {
      const specs = policy([32, 32]);
      expect(JSON.parse(JSON.stringify(specs))).toEqual(specs);
      for (const spec of specs) expect(checkTransform(spec).name).toBe(spec.name);
    }
    expect(augmentPolicies.none([8, 9])).toEqual(evalTransforms([8, 9]));
  });

  it('leave grey pictures grey where colours change', () => {
    const grey = noisy(30, 30, 1);
    const same = transformer([
      { name: 'colorJitter', saturation: 0.9, hue: 0.5 },
      { name: 'grayscale', p: 1 },
    ]);
    expect(same(grey, { seed: 1, epoch: 0, index: 0 }).data).toEqual(grey.data);
  });

  it('are described in a line', () => {
    const described = Object.entries(augmentPolicies).map(([name, policy]) => [
      name,
      describeTransforms(policy([128, 96])),
    ]);
    const own: Transform = (picture) => picture;
    expect({
      ...Object.fromEntries(described),
      others: describeTransforms([...random.slice(1), own]),
      nothing: describeTransforms([]),
    }).toMatchInlineSnapshot(`
      {
        "light": "random crops of 70 to 100 % resized to 128x96, mirrored in half of the cases",
        "none": "resized to 128 at the shorter side, cut to 128x96 in the middle",
        "nothing": "as they are",
        "others": "cut to 18x18 at random places after padding by 2, mirrored in half of the cases, turned upside down in half of the cases, turned by +-20°, turned by +-5°, moved by up to 20 %, enlarged 0.8 to 1.1 times, sheared by up to 5°, brightness +-30 %, contrast +-50 %, saturation +-20 %, hue +-10 %, made grey in 30 % of the cases, blurred over 3 pixels (sigma 0.1 to 2), 2 random operations of strength 9 of 30 (RandAugment), one random operation of random strength (TrivialAugment), inverted in half of the cases, 2 to 33 % erased in half of the cases, own",
        "standard": "random crops of 35 to 100 % resized to 128x96, mirrored in half of the cases, brightness +-20 %, contrast +-20 %, saturation +-20 %",
        "strong": "random crops of 8 to 100 % resized to 128x96, mirrored in half of the cases, one random operation of random strength (TrivialAugment), 2 to 33 % erased in 10 % of the cases",
      }
    `);
  });
});
