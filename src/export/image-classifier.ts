import type { Classifier, PixelImage, Prediction } from './classifier.js';

/** How an image becomes pixels of the size that the model takes. */
export interface PredictOptions {
  /** Whether to scale an image of another size, without keeping its proportions; false unless given. */
  readonly resize?: boolean;
  /** Whether to turn dark into light, e.g. for MNIST, where ink is white; false unless given. */
  readonly invert?: boolean;
}

/** A classifier that takes encoded images as well as pixels. Holds native memory: call `dispose` when done. */
export interface ImageClassifier<Image> {
  readonly card: Classifier['card'];
  readonly device: Classifier['device'];
  /** Labels with probabilities of an image. Throws DataError for one that cannot be read or has another size. */
  predict(image: Image | PixelImage, options?: PredictOptions): Promise<Prediction>;
  /** As `predict`, several images in one run. */
  predictAll(images: readonly PixelImage[]): Promise<readonly Prediction[]>;
  dispose(): Promise<void>;
}

/** @param decode - Gives pixels 0..255, [channels, height, width], of the size asked for. */
export function imageClassifier<Image extends object | string>(
  classifier: Classifier,
  decode: (
    image: Image,
    options: PredictOptions & Pick<PixelImage, 'channels' | 'height' | 'width'>,
  ) => Promise<Uint8Array>,
): ImageClassifier<Image> {
  const [channels, height, width] = classifier.card.input;
  const size = { channels, height, width };
  const isPixels = (image: Image | PixelImage): image is PixelImage =>
    typeof image === 'object' && 'pixels' in image && image.pixels instanceof Uint8Array;
  return {
    card: classifier.card,
    device: classifier.device,
    predict: async (image, how = {}) =>
      classifier.classify(
        isPixels(image) ? image : { ...size, pixels: await decode(image, { ...how, ...size }) },
      ),
    predictAll: (images) => classifier.classifyAll(images),
    dispose: () => classifier.dispose(),
  };
}
