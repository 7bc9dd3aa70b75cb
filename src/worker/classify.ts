import type { LiveRun } from '../train/index.js';
import { batchCount, readImages, type Dataset } from '../data/index.js';
import { assert } from '../errors.js';
import { Classifier, type PixelImage } from '../export/index.js';
import type { Mistake } from './protocol.js';

/** A classifier with the current weights of a run; use it only between two of its steps. */
export function liveClassifier({ trainer, card }: LiveRun): Classifier {
  return Classifier.over(card(), {
    device: trainer.device,
    outputNames: ['logits'],
    async run({ input }) {
      assert(
        input !== undefined && 'data' in input && input.data instanceof Float32Array,
        'pixels of the host',
      );
      const count = input.shape[0] ?? 0;
      const data = await trainer.predict(input.data, count);
      return { logits: { dtype: 'float32', shape: [count, data.length / count], data } };
    },
    // The weights are the run's.
    dispose: () => Promise.resolve(),
  });
}

/**
 * The first images of a data set that a classifier gets wrong.
 *
 * @param classify - Classifies some images when the models are free.
 */
export async function findMistakes(
  set: Dataset,
  limit: number,
  batchSize: number,
  classify: (images: readonly PixelImage[]) => ReturnType<Classifier['classifyAll']>,
): Promise<readonly Mistake[]> {
  const found: Mistake[] = [];
  for (let batch = 0; batch < batchCount(set.count, batchSize) && found.length < limit; batch++) {
    const from = batch * batchSize;
    const size = Math.min(batchSize, set.count - from);
    const indices = Array.from({ length: size }, (_, i) => from + i);
    const images = await readImages(set, indices);
    const predictions = await classify(images);
    for (const [i, { label: predicted, probability, probabilities }] of predictions.entries()) {
      const image = images[i];
      const truth = image?.label ?? 0;
      // By index: a loaded model may name its classes differently.
      if (image === undefined || probabilities[0]?.index === truth) continue;
      const { pixels, channels, height, width } = image;
      found.push({
        image: { pixels, channels, height, width },
        label: set.classes[truth] ?? '',
        predicted,
        probability,
      });
    }
  }
  return found.slice(0, limit);
}
