import { cifarResnet, embeddedDigits, trainResNet, TrainingWorker, type WorkerTrainOptions } from 'ort-train';
import { webDecoder } from '../../../src/data/pictures/decoder-web.js';
import { pictureSet } from '../../../src/data/pictures/picture-set.js';
import { drawStroke } from './draw.js';

/** What became of each trouble: the names and messages of errors, and whether things worked that should. */
export type WorkerTroublesOutput = Readonly<Record<string, string>>;

const tiny: WorkerTrainOptions = {
  network: { family: 'mnist-cnn', widths: [4, 8, 8] },
  ...{
    dataOptions: { digits: { train: 640, test: 64 } },
    epochs: 10_000,
    batchSize: 16,
    threads: 1,
    checkpointKey: false,
  },
};

const script = new URL('../../../src/worker/worker-web.ts', import.meta.url);

/** Puts a worker through what can go wrong. */
export default async function workerTroubles(): Promise<WorkerTroublesOutput> {
  const out: Record<string, string> = {};
  out['missing script'] = await errorOf(TrainingWorker.start({ worker: '/no-such-worker.js' }));
  out['broken script'] = await errorOf(TrainingWorker.start({ worker: blob("throw new Error('bad luck')") }));
  out['silent script'] = await errorOf(TrainingWorker.start({ worker: blob(''), timeout: 200 }));
  out['foreign script'] = await errorOf(TrainingWorker.start({ worker: 'https://example.org/worker.js' }));
  out['wrong URL'] = await errorOf(TrainingWorker.start({ wasmPaths: 'http://[', worker: script }));
  out['other version'] = await otherVersion();

  const own = new Worker(script, { type: 'module' });
  const worker = await TrainingWorker.start({ worker: own });
  out['options that cannot be sent'] = await errorOf(
    worker.train({ ...tiny, loss: { reduction: () => 1 } as never }),
  );
  out['a network of functions'] = await errorOf(
    worker.train({ network: { net: () => undefined, name: 'mine' } as never }),
  );
  out['trainResNet with a network in a window'] = await errorOf(trainResNet({ network: cifarResnet(8) }));
  const data = embeddedDigits({ train: 16, test: 4 });
  const small = { preset: 'mnist-cnn-small', epochs: 1, batchSize: 8, data } as const;
  const trained = await trainResNet(small);
  out['trainResNet in a window'] =
    `${trained.network.state.length} tensors, ${trained.history.stepLosses.length} steps`;
  const { name, count, shape, classes } = data.train;
  const functions = { name, count, shape, classes, read: () => undefined };
  out['data that are functions'] = await errorOf(
    trainResNet({ ...small, data: { train: functions, test: data.test } }),
  );
  out['data of no kind'] = await errorOf(worker.train({ ...tiny, data: 'mnist' as never }));
  out['an image of another size'] = await errorOf(worker.predict({ ...drawStroke(), width: 27 }));

  const mine = new RangeError('mine');
  const thrown = await worker
    .train({
      ...tiny,
      onBatchEnd: ({ step }) => {
        if (step === 3) throw mine;
      },
    })
    .catch((error: unknown) => error);
  out['a callback that throws'] = thrown === mine ? 'the very error' : text(thrown);

  const abort = new AbortController();
  const aborted = await worker
    .train({
      ...tiny,
      signal: abort.signal,
      onBatchEnd: ({ step }) => {
        if (step === 3) abort.abort('enough');
      },
    })
    .catch((error: unknown) => error);
  out['a signal'] = `${text(aborted)} (${String((aborted as Error).cause)})`;
  out['a signal that has fired'] = await errorOf(worker.train({ ...tiny, signal: AbortSignal.abort() }));

  const { history } = await worker.train({ ...tiny, epochs: 1, maxSteps: 2 });
  out['a run after all that'] = `${history.stepLosses.length} steps`;

  const pictures = await picturesOf(['#000000', '#ffffff']);
  const seen = await worker.train({
    ...tiny,
    ...{ data: { train: pictures, test: pictures, final: pictures }, batchSize: 1, epochs: 2 },
  });
  out['pictures that are decoded in the worker'] = `${seen.history.stepLosses.length} steps`;

  let killed = (): void => undefined;
  const dying = new Promise<void>((resolve) => {
    killed = resolve;
  });
  const run = errorOf(
    worker.train({
      ...tiny,
      onBatchEnd: ({ step }) => {
        if (step === 3) killed();
      },
    }),
  );
  await dying;
  const prediction = errorOf(worker.predict(drawStroke()));
  own.terminate();
  out['a killed worker: the run'] = await run;
  out['a killed worker: a prediction'] = await prediction;
  out['a killed worker: what comes later'] = await errorOf(worker.train(tiny));

  const other = await TrainingWorker.start();
  const left = errorOf(other.train(tiny));
  other.dispose();
  out['a worker that was disposed of'] = await left;
  return out;
}

async function otherVersion(): Promise<string> {
  const worker = new Worker(script, { type: 'module' });
  const answer = await new Promise<{ readonly error?: { readonly name: string; readonly message: string } }>(
    (resolve) => {
      worker.onmessage = ({ data }) => {
        resolve(data as never);
      };
      worker.postMessage({ id: 1, call: 'setUp', args: [{ version: '0.0.1' }] });
    },
  );
  worker.terminate();
  return `${answer.error?.name ?? ''}: ${answer.error?.message ?? ''}`;
}

function blob(source: string): Worker {
  return new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), { type: 'module' });
}

async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return text(error);
  }
}

function text(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Two pictures of one colour each, as files: a class of each. */
async function picturesOf(colours: readonly string[]): Promise<ReturnType<typeof pictureSet>> {
  const items = await Promise.all(
    colours.map(async (colour, label) => {
      const canvas = new OffscreenCanvas(28, 28);
      const context = canvas.getContext('2d');
      if (context === null) throw new Error('no canvas');
      context.fillStyle = colour;
      context.fillRect(0, 0, 28, 28);
      return { where: `${label}.png`, label, at: { file: await canvas.convertToBlob() } };
    }),
  );
  return pictureSet(
    {
      ...{ name: 'colours', classes: colours, items, shape: [1, 28, 28] },
      preprocessing: { transforms: [], background: '#ffffff' },
    },
    webDecoder,
  );
}
