import * as v from 'valibot';
import { DataError } from '../../errors.js';
import { flag, object, oneOf, optional, said, tuple, whole } from '../../schema.js';
import { channelValues } from './colour.js';
import { crop } from './crop.js';
import { below } from './draw.js';
import { bothSides, colourSchema, sizeSchema } from './fields.js';
import { kind } from './kind.js';

const sides = 'a whole number of at least 0, [left and right, top and bottom], or [left, top, right, bottom]';
const side = whole(0);

const paddingSchema = v.union(
  [side, tuple([side, side], sides), tuple([side, side, side, side], sides)],
  sides,
);

type Padding = v.InferOutput<typeof paddingSchema>;

function fourSides(padding: Padding): readonly [left: number, top: number, right: number, bottom: number] {
  if (typeof padding === 'number') return [padding, padding, padding, padding];
  return padding.length === 2 ? [padding[0], padding[1], padding[0], padding[1]] : padding;
}

/** A part of a picture of a size, at a random place, which may reach into its padding. */
export const randomCrop = kind({
  schema: object({
    name: v.literal('randomCrop'),
    size: said(sizeSchema, 'of what is cut out'),
    padding: optional(said(paddingSchema, 'pixels added before'), 0),
    padIfNeeded: optional(said(flag(), 'whether pictures that are too small get more of them'), false),
    fill: optional(said(colourSchema, 'the colour of the padding'), 0),
    paddingMode: optional(
      said(oneOf(['constant', 'edge', 'reflect', 'symmetric']), 'what the padding shows'),
      'constant',
    ),
  }),
  isRandom: () => true,
  step({ size, padding, padIfNeeded, fill, paddingMode }, where) {
    const [height, width] = bothSides(size);
    const [left, top, right, bottom] = fourSides(padding);
    return (picture, random) => {
      // Torchvision adds what is missing on both sides.
      const across = padIfNeeded ? Math.max(0, width - picture.width - left - right) : 0;
      const down = padIfNeeded ? Math.max(0, height - picture.height - top - bottom) : 0;
      const rows = picture.height + top + bottom + 2 * down - height;
      const columns = picture.width + left + right + 2 * across - width;
      if (rows < 0 || columns < 0) {
        throw new DataError(
          `${where}: expected pictures of at least ${height}x${width} with their padding, ` +
            `got one of ${picture.height}x${picture.width}; padIfNeeded: true pads those that are smaller`,
        );
      }
      const box = {
        top: below(random, rows + 1) - top - down,
        left: below(random, columns + 1) - left - across,
        height,
        width,
      };
      return crop(picture, box, channelValues(fill, picture.channels, `${where}.fill`), paddingMode);
    };
  },
  describe({ size, padding }) {
    const most = Math.max(...fourSides(padding));
    const padded = most === 0 ? '' : ` after padding by ${most}`;
    return `cut to ${bothSides(size).join('x')} at random places${padded}`;
  },
});
