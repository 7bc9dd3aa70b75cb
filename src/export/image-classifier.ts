import type { Picture } from '../data/picture.js';
import { inverted, toPlanes } from '../data/planes.js';
import type { Classifier, PixelImage, Prediction } from './classifier.js';
import { pictureReader } from './preprocessing.js';

/** How an image becomes pixels of the size that the model takes. */
export interface PredictOptions {
  /**
   * Whether to scale an image of another size, without keeping its proportions; false unless given. Not needed by a model
   * whose card has a preprocessing, which always does exactly that.
   */
  readonly resize?: boolean;
  /** Whether to turn dark into light, e.g. for MNIST, where ink is white; false unless given. */
  readonly invert?: boolean;
}

/** A classifier that takes encoded images as well as pixels. Holds native memory: call `dispose` when done. */
export interface ImageClassifier<Image> {
  readonly card: Classifier['card'];
  readonly device: Classifier['device'];
  /**
   * Labels with probabilities of an image: of a picture of any size where the model's card says how it is prepared
   * (`card.preprocessing`), else of exactly the model's size. Pixels are taken as they are.
   *
   * Throws DataError for an image that cannot be read or has another size.
   */
  predict(image: Image | PixelImage, options?: PredictOptions): Promise<Prediction>;
  /** As `predict`, several images in one run. */
  predictAll(images: readonly PixelImage[]): Promise<readonly Prediction[]>;
  dispose(): Promise<void>;
}

/** How images are read where the classifier runs. */
export interface ImageDecoders<Image> {
  /** Gives pixels 0..255, [channels, height, width], of the size asked for. */
  readonly image: (
    image: Image,
    options: PredictOptions & Pick<PixelImage, 'channels' | 'height' | 'width'>,
  ) => Promise<Uint8Array>;
  /** Gives a picture of its own size. */
  readonly picture: (
    image: Image,
    options: { readonly channels: 1 | 3; readonly background: string },
  ) => Promise<Picture>;
}

/**
 * @param where - The model, for errors.
 * @throws ModelError for a preprocessing of the model's card that there is not.
 */
export function imageClassifier<Image extends object | string>(
  classifier: Classifier,
  decode: ImageDecoders<Image>,
  where: string,
): ImageClassifier<Image> {
  const [channels, height, width] = classifier.card.input;
  const reader = pictureReader(classifier.card, where);
  const isPixels = (image: Image | PixelImage): image is PixelImage =>
    typeof image === 'object' && 'pixels' in image && image.pixels instanceof Uint8Array;
  const read = async (image: Image, { invert = false, ...how }: PredictOptions): Promise<Uint8Array> => {
    if (reader === undefined) return decode.image(image, { ...how, channels, height, width, invert });
    const picture = await decode.picture(image, reader);
    return toPlanes(reader.prepare(invert ? inverted(picture) : picture));
  };
  return {
    card: classifier.card,
    device: classifier.device,
    predict: async (image, how = {}) =>
      classifier.classify(
        isPixels(image) ? image : { channels, height, width, pixels: await read(image, how) },
      ),
    predictAll: (images) => classifier.classifyAll(images),
    dispose: () => classifier.dispose(),
  };
}
