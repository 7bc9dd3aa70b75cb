import {
  openFiles,
  OrtTrainError,
  TrainingWorker,
  type DataReport,
  type OpenFilesOptions,
  type StoredRun,
  type WorkerTrainOptions,
} from 'ort-train';
import { batchesOf } from '../../data/pictures/batches-of.js';
import { encode, sourceOf, type EncodedFile } from './placed-files.js';

/** What is done with pictures. */
export interface PicturesInput {
  readonly files: readonly EncodedFile[];
  /**
   * `batches`: of the training part, in the page. `train`: in a worker, of the files as they were dropped, of a folder's
   * handle, or of data that the page has opened. `begin`: the same, left to itself after three steps are stored; `resume`: goes on.
   */
  readonly do: 'batches' | 'train' | 'begin' | 'resume';
  readonly as?: 'list' | 'handle' | 'split';
  readonly options?: OpenFilesOptions;
  readonly run?: WorkerTrainOptions;
}

export interface PicturesOutput {
  readonly batches?: readonly { readonly images: string; readonly labels: readonly number[] }[];
  readonly report?: DataReport;
  readonly shape?: readonly number[];
  readonly classes?: readonly string[];
  readonly losses?: readonly number[];
  readonly firstStep?: number;
  readonly testAccuracy?: number;
  readonly stored?: Omit<StoredRun, 'stepLosses'>;
  /** How many images the mistakes view can show, and of which shape. */
  readonly mistakes?: readonly string[];
  /** Pictures that the page itself has decoded. */
  readonly decodedByPage?: number;
  readonly error?: string;
}

/** A network small enough for tests, which sees 28x28 pixels of each picture. */
const small: WorkerTrainOptions = {
  network: { family: 'mnist-cnn', widths: [4, 8, 8] },
  ...{ batchSize: 4, epochs: 2, learningRate: 3e-3, seed: 3, threads: 1, checkpointKey: false },
};

/** Opens pictures or trains on them, as a page does. */
export default async function pictures(input: PicturesInput): Promise<PicturesOutput> {
  const { files, as = 'list', options = {} } = input;
  let decodedByPage = 0;
  const decode = globalThis.createImageBitmap;
  globalThis.createImageBitmap = ((...args: Parameters<typeof decode>) => {
    decodedByPage += 1;
    return decode(...args);
  }) as typeof decode;
  try {
    const source = await sourceOf(files, as === 'handle' ? 'handle' : 'list');
    if (input.do === 'batches') {
      const { train, report } = await openFiles(source, options);
      const batches = await batchesOf(train);
      return {
        batches: batches.map(({ images, labels }) => ({ images: encode(images), labels })),
        ...{ shape: train.shape, classes: train.classes, ...(report && { report }) },
      };
    }
    const data = as === 'split' ? await openFiles(source, options) : source;
    decodedByPage = 0;
    return { ...(await trained(input, data)), decodedByPage };
  } catch (error) {
    if (!(error instanceof OrtTrainError)) throw error;
    return { error: `${error.name}: ${error.message}` };
  } finally {
    globalThis.createImageBitmap = decode;
  }
}

async function trained(
  { do: what, run }: PicturesInput,
  data: NonNullable<WorkerTrainOptions['data']>,
): Promise<PicturesOutput> {
  const worker = await TrainingWorker.start();
  const told: { step: number; loss: number }[] = [];
  let report: DataReport | undefined;
  let stored: (run: StoredRun) => void = () => undefined;
  const isStored = new Promise<StoredRun>((resolve) => {
    stored = resolve;
  });
  const training = worker.train({
    ...(what === 'resume' ? { resume: 'stored' as const } : small),
    ...{ data, ...run },
    onStart: (info) => {
      ({ report } = info.data);
    },
    onBatchEnd: ({ step, loss }) => {
      told.push({ step, loss });
    },
    onCheckpoint: (checkpoint) => {
      if (checkpoint.step >= 3) stored(checkpoint);
    },
  });
  const seen = (): PicturesOutput => ({
    losses: told.map(({ loss }) => loss),
    firstStep: told[0]?.step ?? 0,
    ...(report && { report }),
  });
  if (what === 'begin') {
    const { stepLosses: _, ...left } = await Promise.race([
      isStored,
      training.then(() => Promise.reject(new Error('the run has ended'))),
    ]);
    return { ...seen(), stored: left };
  }
  try {
    const { testAccuracy, network } = await training;
    const mistakes = await worker.mistakes(24);
    return {
      ...seen(),
      ...{ testAccuracy, shape: network.input },
      mistakes: mistakes.map(({ image: { channels, height, width, pixels } }) =>
        [channels, height, width, pixels.length].join(),
      ),
    };
  } finally {
    worker.dispose();
  }
}
