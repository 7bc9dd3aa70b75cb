import type { Picture } from '../picture.js';
import { channelValues } from './colour.js';
import { crop } from './crop.js';
import { resample } from './resample.js';
import type { Resampling } from './coefficients.js';
import { bothSides, middle, resizedTo, type Size } from './sizes.js';

/** How a picture gets another size. */
export interface ResizeOptions {
  readonly size: Size;
  readonly interpolation: Resampling;
  readonly maxSize?: number;
}

/** What `resize` and then `centerCrop` give, without computing what is cut away. */
export function resizedCrop(
  { size, interpolation, maxSize }: ResizeOptions,
  { size: cut }: { readonly size: Size },
): (picture: Picture) => Picture {
  const [height, width] = bothSides(cut);
  return (picture) => {
    const to = resizedTo([picture.height, picture.width], size, maxSize);
    const box = { top: middle(to[0], height), left: middle(to[1], width), height, width };
    const fits = height <= to[0] && width <= to[1];
    const isSame = to[0] === picture.height && to[1] === picture.width;
    if (fits && !isSame) return resample(picture, { size: to, interpolation, part: box });
    const whole = isSame ? picture : resample(picture, { size: to, interpolation });
    return crop(whole, box, channelValues(0, picture.channels, 'centerCrop'));
  };
}
