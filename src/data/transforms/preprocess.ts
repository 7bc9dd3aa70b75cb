import { OptionError } from '../../errors.js';
import type { Picture } from '../picture.js';
import type { Resampling } from './coefficients.js';
import { crop } from './crop.js';
import { withoutColours } from './grey.js';
import { resample } from './resample.js';
import { resizedCrop, type ResizeOptions } from './resized-crop.js';
import { bothSides, middle, resizedTo, type Size } from './sizes.js';
import { inverted } from './tones.js';

/*
 * What an exported model does with pictures of any size. `transformer` gives the same; this has the transforms that evaluation
 * and prediction use, and no schemas, for pages that classify and do nothing else.
 */

type Step = (picture: Picture) => Picture;
type Options = Readonly<Record<string, unknown>>;

/** What the options of a transform are read with; `fail` throws. */
interface Reader {
  readonly options: Options;
  readonly fail: (option: string, expected: string) => never;
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;

function sizeOf({ options: { size }, fail }: Reader): Size {
  if (isWhole(size)) return size;
  if (Array.isArray(size) && size.length === 2 && size.every(isWhole)) return [size[0] ?? 1, size[1] ?? 1];
  return fail('size', 'a whole number of at least 1, or [height, width]');
}

function resizeOf(reader: Reader): ResizeOptions {
  const { interpolation = 'bilinear', maxSize } = reader.options;
  if (interpolation !== 'bilinear' && interpolation !== 'bicubic') {
    return reader.fail('interpolation', 'one of bilinear, bicubic');
  }
  if (maxSize !== undefined && !isWhole(maxSize)) {
    return reader.fail('maxSize', 'a whole number of at least 1');
  }
  return {
    size: sizeOf(reader),
    interpolation: interpolation satisfies Resampling,
    ...(maxSize !== undefined && { maxSize }),
  };
}

/** Torchvision draws whether these are done; a card must say that they always are. */
function always(step: Step): (reader: Reader) => Step {
  return ({ options: { p }, fail }) => (p === 1 ? step : fail('p', '1, as nothing may be random'));
}

/** Each transform with the options that it has. */
const steps: Readonly<
  Record<string, { readonly options: readonly string[]; readonly step: (reader: Reader) => Step }>
> = {
  resize: {
    options: ['size', 'interpolation', 'maxSize'],
    step(reader) {
      const { size, interpolation, maxSize } = resizeOf(reader);
      return (picture) => {
        const to = resizedTo([picture.height, picture.width], size, maxSize);
        const isSame = to[0] === picture.height && to[1] === picture.width;
        return isSame ? picture : resample(picture, { size: to, interpolation });
      };
    },
  },
  centerCrop: {
    options: ['size'],
    step(reader) {
      const [height, width] = bothSides(sizeOf(reader));
      return (picture) => {
        const place = { top: middle(picture.height, height), left: middle(picture.width, width) };
        return crop(picture, { ...place, height, width }, new Array<number>(picture.channels).fill(0));
      };
    },
  },
  grayscale: { options: ['p'], step: always(withoutColours) },
  invert: { options: ['p'], step: always(inverted) },
};

/**
 * What evaluation and prediction do to a picture, as `transformer` does it.
 *
 * @param transforms - `resize`, `centerCrop`, and `grayscale` and `invert` with `p: 1`, in plain JSON.
 * @param where - What errors call the list.
 * @throws OptionError for another transform, an option that it does not have, or one out of its range.
 * @example
 * const prepare = preprocessor([{ name: 'resize', size: 64 }, { name: 'centerCrop', size: 64 }]);
 */
export function preprocessor(
  transforms: readonly { readonly name: string }[],
  where = 'preprocess',
): (picture: Picture) => Picture {
  const all = transforms.map((transform, i) => {
    const { name, ...options } = transform as { readonly name: string } & Options;
    const known = Object.hasOwn(steps, name) ? steps[name] : undefined;
    if (known === undefined) {
      const names = Object.keys(steps).join(', ');
      throw new OptionError(`${where}[${i}]: expected one of ${names}, got ${JSON.stringify(name)}`);
    }
    const reader: Reader = {
      options,
      fail(option, expected) {
        const came = JSON.stringify(options[option]) as string | undefined;
        throw new OptionError(`${where}[${i}].${option}: expected ${expected}, got ${came ?? 'nothing'}`);
      },
    };
    const other = Object.keys(options).find((option) => !known.options.includes(option));
    if (other !== undefined) reader.fail(other, `none but ${known.options.join(', ')}`);
    return { name, reader, step: known.step(reader) };
  });
  const placed = all.map(({ name, reader, step }, i) => {
    const next = all[i + 1];
    // A resize and the crop after it are one step: what is cut away is not computed.
    if (name === 'resize' && next?.name === 'centerCrop') {
      return resizedCrop(resizeOf(reader), { size: sizeOf(next.reader) });
    }
    return name === 'centerCrop' && all[i - 1]?.name === 'resize' ? undefined : step;
  });
  return (picture) => placed.reduce((now, step) => step?.(now) ?? now, picture);
}
