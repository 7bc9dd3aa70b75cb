import { memoryDataset, prepareBatch, type Batch, type Dataset, type Normalization } from '../data/index.js';
import { DataError, OptionError } from '../errors.js';
import type { PixelImage } from '../export/index.js';

/** Largest share of a batch that taught images take. */
const SHARE = 1 / 8;

/** Images that a user has drawn and labelled, and the places that they take in batches. */
export class Taught {
  readonly #items: readonly { readonly image: PixelImage; readonly label: number }[];

  constructor(items: Taught['items'] = []) {
    this.#items = items;
  }

  get items(): readonly { readonly image: PixelImage; readonly label: number }[] {
    return this.#items;
  }

  /** With one more. Throws DataError for an image of another size than those before, OptionError for a label that cannot be one. */
  with(image: PixelImage, label: number): Taught {
    const { pixels, channels, height, width } = image;
    const [first] = this.#items;
    const expected = first === undefined ? undefined : shapeOf(first.image);
    if (pixels.length !== channels * height * width || (expected ?? shapeOf(image)) !== shapeOf(image)) {
      throw new DataError(
        `taught image: expected ${expected ?? shapeOf(image)} pixels, got ${shapeOf(image)} in ${pixels.length} bytes`,
      );
    }
    if (!Number.isInteger(label) || label < 0 || label >= 2 ** 31) {
      throw new OptionError(`label: expected a class index from 0, got ${label}`);
    }
    return new Taught([...this.#items, { image: { ...image, pixels: pixels.slice() }, label }]);
  }

  /** Why these images cannot be trained on together with a data set; undefined if they can. */
  misfit(train: Dataset): string | undefined {
    const [first] = this.#items;
    if (first === undefined) return undefined;
    const shape = train.shape.join('x');
    if (shapeOf(first.image) !== shape) return `they are ${shapeOf(first.image)}, ${train.name} has ${shape}`;
    const label = this.#items.find(({ label: each }) => each >= train.classes.length)?.label;
    if (label === undefined) return undefined;
    return `one has the label ${label}, ${train.name} has ${train.classes.length} classes`;
  }

  /**
   * Puts taught images in the place of the last images of a batch, up to an eighth of it, taking turns from step to step.
   * What a step gets depends on its number and the images alone, so that a resumed run gets the same.
   *
   * @param batch - Normalised images; changed in place.
   */
  async mixInto(
    { images, labels, targets, size }: Batch,
    step: number,
    normalization: Normalization | undefined,
  ): Promise<void> {
    const count = this.#items.length;
    const taken = Math.min(count, Math.ceil(size * SHARE), Math.floor(size / 2));
    if (taken === 0) return;
    const area = images.length / size;
    const from = size - taken;
    const chosen = Array.from({ length: taken }, (_, i) => (step * taken + i) % count);
    const out = { images: images.subarray(from * area), labels: labels.subarray(from) };
    await prepareBatch(this.#asDataset(), chosen, out, normalization);
    if (targets === undefined) return;
    // The images that were there may be mixed ones, these are not.
    const classes = targets.length / size;
    targets.fill(0, from * classes);
    out.labels.forEach((label, i) => {
      targets[(from + i) * classes + label] = 1;
    });
  }

  #asDataset(): Dataset {
    const [first] = this.#items;
    const { channels = 0, height = 0, width = 0 } = first?.image ?? {};
    const area = channels * height * width;
    const images = new Uint8Array(this.#items.length * area);
    this.#items.forEach(({ image }, i) => {
      images.set(image.pixels, i * area);
    });
    const labels = Int32Array.from(this.#items, ({ label }) => label);
    // The names do not matter; there are as many as the greatest label needs.
    const classes = Array.from({ length: Math.max(...labels) + 1 }, (_, i) => String(i));
    return memoryDataset({ name: 'taught', images, labels, channels, height, width, classes });
  }
}

function shapeOf({ channels, height, width }: PixelImage): string {
  return `${channels}x${height}x${width}`;
}
