import { defined } from '../checks.js';
import type { Opened } from './open-data.js';
import { OptionError, readImages, type Dataset, type ModelCard, type NodeClassifier } from '../index.js';

/** How a classifier does on a data set. */
export interface Score {
  readonly count: number;
  readonly correct: number;
  /** Share classified correctly, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** How often class `row` was taken for class `column`. */
  readonly confusion: readonly (readonly number[])[];
}

/** Options of `score`. */
export interface ScoreOptions {
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  readonly onBatch?: (done: number) => void;
}

/** Throws OptionError for a data set that the model is not made for: it may have the first of the model's classes only. */
export function checkModelFits(
  { input, classes }: Pick<ModelCard, 'input' | 'classes'>,
  set: Dataset,
  where: string,
): void {
  if (set.shape.join() !== input.join()) {
    throw new OptionError(
      `data ${set.name}: ${where} expects images ${input.join('x')} (channels x height x width), ` +
        `got ${set.shape.join('x')}`,
    );
  }
  if (set.classes.length !== classes.length && !startsWith(classes, set.classes)) {
    throw new OptionError(
      `data ${set.name}: ${where} tells ${classes.length} classes apart (${shown(classes)}), ` +
        `the data have ${set.classes.length} (${shown(set.classes)})`,
    );
  }
}

/** How pictures are opened for a model: as its card says. */
export function openedFor({ input, preprocessing }: ModelCard): Opened {
  const [channels, height, width] = input;
  const { transforms, background } = preprocessing ?? {};
  return {
    ...{ channels, imageSize: [height, width] },
    // What it holds is checked where it is used.
    ...defined({ preprocess: transforms as Opened['preprocess'], background }),
  };
}

/** Whether the first of some words are these. */
export const startsWith = (words: readonly string[], first: readonly string[]): boolean =>
  first.every((word, i) => word === words[i]);

const shown = (words: readonly string[]): string =>
  words.length > 12 ? `${words.slice(0, 12).join(', ')}, ...` : words.join(', ');

/** Classifies every image of a data set. */
export async function score(
  classifier: NodeClassifier,
  set: Dataset,
  { batchSize = 128, signal, onBatch }: ScoreOptions = {},
): Promise<Score> {
  const classes = classifier.card.classes.length;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let loss = 0;
  let correct = 0;
  for (let start = 0; start < set.count; start += batchSize) {
    signal?.throwIfAborted();
    const end = Math.min(start + batchSize, set.count);
    const indices = Array.from({ length: end - start }, (_, i) => start + i);
    const images = await readImages(set, indices);
    const predictions = await classifier.predictAll(images);
    predictions.forEach(({ logits }, i) => {
      const label = images[i]?.label ?? 0;
      loss += crossEntropy(logits, label);
      const predicted = logits.indexOf(Math.max(...logits));
      if (predicted === label) correct += 1;
      const row = confusion[label];
      // A model that gives NaN predicts nothing.
      if (row !== undefined && predicted >= 0) row[predicted] = (row[predicted] ?? 0) + 1;
    });
    onBatch?.(end);
  }
  return { count: set.count, correct, accuracy: correct / set.count, loss: loss / set.count, confusion };
}

// log(sum exp z) - z[label], with the greatest z taken out so that nothing overflows
function crossEntropy(logits: Float32Array, label: number): number {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, z) => total + Math.exp(z - most), 0);
  return most + Math.log(sum) - (logits[label] ?? 0);
}
