import { checkOption } from '../checks.js';
import { DataError, OptionError } from '../errors.js';
import { copyPlane, placement } from './augment.js';
import { augmenter, type Augmenter, type SeededAugmentation } from './augmentation.js';
import type { Batch, BatchBuffers } from './batch.js';
import { checkLabel } from './checks.js';
import type { Dataset } from './dataset.js';
import { lookupTables, type Normalization } from './normalization.js';
import { interleaved, toPlanes } from './planes.js';
import type { Picture } from './picture.js';

/**
 * Gathers images into a batch: x = (pixel / 255 - mean) / std. Every operation is rounded to float32, as torchvision's
 * ToTensor and Normalize do, so that the bits are the same.
 *
 * @param indices - Which images, in this order, e.g. a part of a shuffled epoch.
 * @param out - Memory to write to, e.g. that of the batch before; fresh memory unless given.
 * @param seeded - Random changes of each image; none unless given.
 * @returns `images` [indices.length, channels, height, width] and `labels` [indices.length]; views of `out` if given.
 * @throws OptionError if `out` is too small, mean or std does not have one finite number for each channel (std above 0),
 *   an index is outside the data set, or the augmentation is not one; DataError for a label that is no class.
 * @see https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
 * @example
 * const { images, labels } = await prepareBatch(test, [0, 1, 2]);
 */
export async function prepareBatch(
  dataset: Dataset,
  indices: ArrayLike<number>,
  out?: BatchBuffers,
  normalization: Normalization = {},
  seeded?: SeededAugmentation,
): Promise<Omit<Batch, 'index'>> {
  return gather(dataset, indices, {
    out,
    tables: lookupTables(dataset.shape[0], normalization),
    seeded: seeded && { ...seeded, augmenter: augmenter(seeded.augment, dataset) },
  });
}

/** How `gather` makes a batch. */
export interface GatherOptions {
  readonly out: BatchBuffers | undefined;
  /** What the 256 values of a pixel become, for each channel. */
  readonly tables: readonly Float32Array[];
  readonly seeded: (Omit<SeededAugmentation, 'augment'> & { readonly augmenter: Augmenter }) | undefined;
}

/** As `prepareBatch`, with what the batches of an epoch share made once. */
export async function gather(
  dataset: Dataset,
  indices: ArrayLike<number>,
  { out, tables, seeded }: GatherOptions,
): Promise<Omit<Batch, 'index'>> {
  const [channels, height, width] = dataset.shape;
  const size = indices.length;
  const area = height * width;
  const needed = size * channels * area;
  if (out) {
    checkLength('out.images', out.images, needed);
    checkLength('out.labels', out.labels, size);
  }
  checkIndices(indices, dataset.count);
  const images = out ? out.images.subarray(0, needed) : new Float32Array(needed);
  const labels = out ? out.labels.subarray(0, size) : new Int32Array(size);
  const augment = seeded?.augmenter;
  const pixels = new Uint8Array(needed);
  if (seeded && augment?.change) {
    const { change } = augment;
    const pictures = await picturesOf(dataset, indices, labels);
    pictures.forEach((picture, item) => {
      const changed = change(picture, { ...seeded, index: indices[item] ?? 0 });
      if (changed.height !== height || changed.width !== width || changed.channels !== channels) {
        throw new OptionError(
          `augment: expected pictures of ${dataset.shape.join('x')}, the shape of ${dataset.name}, after the last transform, ` +
            `got ${changed.channels}x${changed.height}x${changed.width}; end with one that gives this size`,
        );
      }
      toPlanes(changed, pixels.subarray(item * channels * area));
    });
  } else {
    await dataset.read(indices, { pixels, labels });
  }

  let [from, to] = [0, 0];
  for (let item = 0; item < size; item++) {
    const index = indices[item] ?? 0;
    checkLabel(`data set ${dataset.name}`, 'labels', labels[item] ?? 0, dataset.classes.length, index);
    const place = seeded && augment?.place && placement(augment.place, { ...seeded, index });
    for (const table of tables) {
      if (place) {
        copyPlane({ pixels, from, table, images, to, height, width }, place);
        from += area;
        to += area;
        continue;
      }
      for (const end = from + area; from < end; from++) images[to++] = table[pixels[from] ?? 0] ?? 0;
    }
  }
  return { images, labels, size };
}

/** The pictures of some images, and their labels. */
async function picturesOf(
  dataset: Dataset,
  indices: ArrayLike<number>,
  labels: Int32Array,
): Promise<readonly Picture[]> {
  if (dataset.pictures) {
    const pictures = await dataset.pictures(indices, { labels });
    if (pictures.length === indices.length) return pictures;
    throw new DataError(
      `data set ${dataset.name}: expected ${indices.length} pictures, one for each index, got ${pictures.length}`,
    );
  }
  const [channels, height, width] = dataset.shape;
  const size = channels * height * width;
  const pixels = new Uint8Array(indices.length * size);
  await dataset.read(indices, { pixels, labels });
  return Array.from({ length: indices.length }, (_, i) => ({
    data: interleaved(pixels.subarray(i * size, (i + 1) * size), channels),
    ...{ channels, height, width },
  }));
}

function checkIndices(indices: ArrayLike<number>, count: number): void {
  for (let item = 0; item < indices.length; item++) {
    const index = indices[item] ?? count;
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw new OptionError(
      `indices: expected whole numbers from 0 to ${count - 1}, got ${index} at place ${item}`,
    );
  }
}

function checkLength(buffer: string, { length }: Float32Array | Int32Array, needed: number): void {
  checkOption(buffer, length, length >= needed, `at least ${needed} elements`);
}
