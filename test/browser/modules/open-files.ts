import {
  openFiles,
  OrtTrainError,
  stepLR,
  TrainingWorker,
  type DataSplit,
  type OpenFilesOptions,
  type WorkerTrainOptions,
} from 'ort-train';

/** Files as they are dropped: bytes in base64. */
export interface OpenFilesInput {
  readonly files: readonly { readonly path: string; readonly bytes: string }[];
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
  const dropped = files.map(({ path, bytes }) => ({ path, file: new File([decode(bytes)], path) }));
  try {
    if (as === 'list') return { split: await shown(await openFiles(dropped, options)) };
    return { losses: await losses(as === 'run' ? dropped : await folderOf(dropped)) };
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

/** The browser's private file system gives folders as `showDirectoryPicker` does, without asking anybody. */
async function folderOf(
  files: readonly { readonly path: string; readonly file: File }[],
): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle('chosen', { create: true });
  for (const { path, file } of files) {
    const writer = await (await folder.getFileHandle(path, { create: true })).createWritable();
    await writer.write(file);
    await writer.close();
  }
  return folder;
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

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function encode(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
