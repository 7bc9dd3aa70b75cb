import type { Dataset } from '../../../src/data/dataset.js';
import { prepareBatch } from '../../../src/data/prepare-batch.js';

/** The bytes of one batch. */
export interface BatchBytes {
  readonly images: Uint8Array;
  readonly labels: readonly number[];
}

/** All images of a data set as evaluation sees them, and as two policies change them; the same wherever it runs. */
export async function batchesOf(set: Dataset): Promise<readonly BatchBytes[]> {
  const indices = Array.from({ length: set.count }, (_, i) => i);
  const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const made: BatchBytes[] = [];
  for (const augment of [undefined, 'standard', 'strong'] as const) {
    const seeded = augment && { augment, seed: 5, epoch: 2 };
    const { images, labels } = await prepareBatch(set, indices, undefined, normalization, seeded);
    made.push({
      images: new Uint8Array(images.buffer, images.byteOffset, images.byteLength),
      labels: Array.from(labels),
    });
  }
  return made;
}
