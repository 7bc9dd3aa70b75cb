import type { ModelCard } from '../artifacts/model-card.js';
import type { Picture } from '../data/picture.js';
import { preprocessor } from '../data/transforms/preprocess.js';
import { DataError, ModelError, OptionError } from '../errors.js';

/** How a model's card says that pictures of any size become its images. */
export interface PictureReader {
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: 1 | 3;
  /** The colour that transparent pixels are laid on, `#rrggbb`. */
  readonly background: string;
  /** A picture of the model's size. */
  readonly prepare: (picture: Picture) => Picture;
}

/**
 * What a card says about pictures; undefined for a model that takes images of exactly its size.
 *
 * @param where - The model, for errors.
 * @throws ModelError for transforms or channels that there are not.
 */
export function pictureReader(
  { preprocessing, input: [channels, height, width] }: ModelCard,
  where: string,
): PictureReader | undefined {
  if (preprocessing === undefined) return undefined;
  const place = `${where}: its metadata 'ort_train.preprocessing'`;
  if (channels !== 1 && channels !== 3) {
    throw new ModelError(`${place}: expected none for images of ${channels} channels, which no picture has`);
  }
  const { background, transforms } = preprocessing;
  const prepare = readTransforms(transforms, place);
  return {
    ...{ channels, background },
    prepare(picture) {
      const image = prepare(picture);
      if (image.height === height && image.width === width) return image;
      throw new DataError(
        `${place}: expected transforms to ${height}x${width} pixels (height x width), got ${image.height}x${image.width} ` +
          `of a picture of ${picture.height}x${picture.width}`,
      );
    },
  };
}

function readTransforms(
  transforms: NonNullable<ModelCard['preprocessing']>['transforms'],
  place: string,
): (picture: Picture) => Picture {
  try {
    return preprocessor(transforms, 'transforms');
  } catch (cause) {
    throw cause instanceof OptionError ? new ModelError(`${place}: ${cause.message}`, { cause }) : cause;
  }
}
