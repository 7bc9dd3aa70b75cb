import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  defaultCacheDir,
  loadClassifier,
  isPictureDataset,
  loadIdxFolder,
  preprocessingOf,
  type Dataset,
  type RunSpec,
  type SessionOptions,
} from '../../index.js';
import { defined } from '../../checks.js';
import { note, type Io } from '../io.js';
import { openDataFor } from '../open-data.js';
import { score } from '../score.js';
import { exists } from './run-folder.js';

/** A second test set, and how the model does on it. */
export interface AlsoTested {
  readonly data: string;
  readonly count: number;
  readonly accuracy: number;
  readonly loss: number;
}

/** How to choose the second test set. */
export interface AlsoTestChoice {
  /** The value of `--also-test`: a data set, `none`, or nothing. */
  readonly given: string | undefined;
  /** What is trained on, by its name and opened. */
  readonly data: string;
  readonly train: Dataset;
  /** How it was opened: where the test part is drawn, the second set's is drawn in the same way. */
  readonly dataOptions: RunSpec['dataOptions'];
  readonly signal?: AbortSignal;
}

/**
 * The second test set. Without `--also-test`, what was trained on the embedded digits is tested on real MNIST, if available:
 * named by ORT_TRAIN_MNIST, downloaded before, or in `../shared/data/mnist` beside the package.
 */
export async function alsoTestSet(
  io: Io,
  { given, data, train, dataOptions = {}, signal }: AlsoTestChoice,
): Promise<Dataset | undefined> {
  if (given === 'none') return undefined;
  const { cacheDir, valSplit, splitSeed } = dataOptions;
  if (given !== undefined) {
    const { classes, shape } = train;
    const [channels, height, width] = shape;
    // Pictures become what the network sees of the others.
    const seen = isPictureDataset(train) && preprocessingOf(train);
    const options = {
      ...{ data: given, dataOptions: defined({ cacheDir, valSplit, splitSeed }) },
      ...(seen && { preprocess: seen.transforms, background: seen.background }),
      ...{ channels, imageSize: [height, width] as const },
    };
    const { test, final } = await openDataFor(io, options, {
      ...{ fallbackClasses: classes, modelClasses: classes },
      ...defined({ signal }),
    });
    return final ?? test;
  }
  if (data !== 'digits') return undefined;
  const named = io.env['ORT_TRAIN_MNIST'];
  if (named !== undefined && named !== '') return (await loadIdxFolder(named)).test;
  for (const folder of [
    join(cacheDir ?? defaultCacheDir(), 'mnist'),
    fileURLToPath(new URL('../../../../shared/data/mnist', import.meta.url)),
  ]) {
    if (!(await exists(join(folder, 't10k-images-idx3-ubyte.gz')))) continue;
    try {
      return (await loadIdxFolder(folder, { known: 'mnist' })).test;
    } catch (error) {
      note(io, `MNIST in ${folder} is left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return undefined;
}

/** The model's score on the second set; undefined if `signal` stops it. */
export async function testAlso(
  model: Uint8Array,
  set: Dataset,
  { signal, ...session }: SessionOptions & { readonly signal: AbortSignal },
): Promise<AlsoTested | undefined> {
  const classifier = await loadClassifier(model, session);
  try {
    const { count, accuracy, loss } = await score(classifier, set, { signal });
    return { data: set.name, count, accuracy, loss };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    await classifier.dispose();
  }
}
