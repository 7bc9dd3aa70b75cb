import {
  openFiles,
  OrtTrainError,
  stepLR,
  TrainingWorker,
  type DataSplit,
  type OpenFilesOptions,
  type WorkerTrainOptions,
} from 'ort-train';
import { encode, sourceOf, type EncodedFile } from './placed-files.js';

/** Files as they are dropped: bytes in base64. */
export interface OpenFilesInput {
  readonly files: readonly EncodedFile[];
  readonly options?: OpenFilesOptions;
  /** Opened in the page, or by a worker that trains on them; in a list, or in a folder's handle. */
  readonly as?: 'list' | 'run' | 'handle';
}

export interface OpenFilesOutput {
  readonly split?: {
    readonly name: string;
    readonly classes: readonly string[];
    readonly shape: readonly number[];
    readonly counts: readonly [train: number, test: number];
    readonly labels: readonly number[];
    /** The training images, in base64. */
    readonly images: string;
  };
  readonly losses?: readonly number[];
  readonly error?: string;
}

/** Opens files as a page does that a user has dropped them on. */
export default async function open({
  files,
  options = {},
  as = 'list',
}: OpenFilesInput): Promise<OpenFilesOutput> {
  try {
    if (as === 'list') return { split: await shown(await openFiles(await sourceOf(files, 'list'), options)) };
    return { losses: await losses(await sourceOf(files, as === 'run' ? 'list' : 'handle')) };
  } catch (error) {
    if (!(error instanceof OrtTrainError)) throw error;
    return { error: `${error.name}: ${error.message}` };
  }
}

async function losses(data: NonNullable<WorkerTrainOptions['data']>): Promise<readonly number[]> {
  const worker = await TrainingWorker.start();
  try {
    const { history } = await worker.train({
      network: { family: 'mnist-cnn', widths: [4, 8, 8] },
      ...{ data, batchSize: 8, epochs: 1, maxSteps: 2, learningRate: 1e-3, checkpointKey: false, threads: 1 },
      scheduler: stepLR({ stepSize: 1 }),
    });
    return history.stepLosses;
  } finally {
    worker.dispose();
  }
}

async function shown({ train, test }: DataSplit): Promise<NonNullable<OpenFilesOutput['split']>> {
  const { name, classes, shape, count } = train;
  const labels = new Int32Array(count);
  const pixels = new Uint8Array(count * shape[0] * shape[1] * shape[2]);
  await train.read([...labels.keys()], { pixels, labels });
  return {
    ...{ name, classes, shape, counts: [train.count, test.count] },
    labels: Array.from(labels),
    images: encode(pixels),
  };
}
