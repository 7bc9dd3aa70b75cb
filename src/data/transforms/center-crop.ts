import * as v from 'valibot';
import { object, said } from '../../schema.js';
import { channelValues } from './colour.js';
import { crop } from './crop.js';
import { bothSides, sizeSchema } from './fields.js';
import { kind } from './kind.js';
import { middle } from './sizes.js';

/** The middle of a picture; black around one that is smaller. */
export const centerCrop = kind({
  schema: object({ name: v.literal('centerCrop'), size: said(sizeSchema, 'of what is cut out') }),
  isRandom: () => false,
  step({ size }, where) {
    const [height, width] = bothSides(size);
    return (picture) => {
      const box = {
        top: middle(picture.height, height),
        left: middle(picture.width, width),
        height,
        width,
      };
      return crop(picture, box, channelValues(0, picture.channels, where));
    };
  },
  describe: ({ size }) => `cut to ${bothSides(size).join('x')} in the middle`,
});
