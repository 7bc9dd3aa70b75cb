/** The script of the worker that `TrainingWorker` starts. */
import { version } from '../version.js';
import { WorkerError } from '../errors.js';
import { configureRuntime, createWebSession, probeWebGpu } from '../session/web.js';
import { newCaches } from '../data/pictures/cache-web.js';
import { webDecoder } from '../data/pictures/decoder-web.js';
import { planThreads } from '../session/threads-web.js';
import { lockKey } from '../storage/lock-web.js';
import { openStore } from '../storage/web.js';
import { digitsOf, openData } from './data-web.js';
import { packError } from '../error-transfer.js';
import { TrainingHost } from './host.js';
import type { FromWorker, Request, WorkerCalls, WorkerReady, WorkerRun, WorkerSetup } from './protocol.js';
import { receiveData } from './sent-data.js';

// TypeScript takes this for a page, whose postMessage needs an origin.
const port = self as unknown as Pick<MessagePort, 'postMessage' | 'addEventListener'>;

let host: TrainingHost | undefined;

const channel = new MessageChannel();
const woken: (() => void)[] = [];
channel.port1.onmessage = () => woken.shift()?.();

/**
 * Lets messages come in. A message to oneself comes after those that wait already, and unlike a timer it comes at once in
 * a tab that nobody looks at, too.
 */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    woken.push(resolve);
    channel.port2.postMessage(undefined);
  });
}

function send(message: FromWorker, transfer: Transferable[] = []): void {
  port.postMessage(message, transfer);
}

async function setUp(setup: WorkerSetup): Promise<WorkerReady> {
  if (setup.version !== version) {
    throw new WorkerError(
      `the worker's script is of ort-train ${version}, the page of ${setup.version}: serve both from the same build`,
    );
  }
  if (setup.wasmPaths !== undefined) configureRuntime({ wasmPaths: setup.wasmPaths });
  const holdsLock = await holdLock(setup.alive);
  const drawn = setup.prepare && digitsOf(setup.prepare.digits, nextTask);
  // A run that needs them reports what was wrong.
  drawn?.catch(() => undefined);
  host = new TrainingHost(
    {
      ...{ createSession: createWebSession, openData, openStore, lockKey, nextTask },
      send: (event) => {
        send({ event });
      },
    },
    setup.checkpointKey,
  );
  const { threads, reason } = planThreads(undefined);
  const webgpu = await probeWebGpu();
  return {
    environment: {
      crossOriginIsolated,
      threads,
      ...(reason !== undefined && { threadsReason: reason }),
      webgpu,
    },
    holdsLock,
  };
}

/** As long as this worker lives: the page waits for the lock to learn of its end. */
function holdLock(name: string): Promise<boolean> {
  const { locks } = navigator as { readonly locks?: LockManager };
  return new Promise((resolve) => {
    if (locks === undefined) resolve(false);
    void locks?.request(name, () => {
      resolve(true);
      return new Promise(() => undefined);
    });
  });
}

async function answer(request: Request): Promise<void> {
  const { id, call } = request;
  try {
    const result = await resultOf(request);
    send({ id, result }, buffersOf(call, result));
  } catch (error) {
    send({ id, error: packError(error) });
  }
}

function resultOf({ call, args }: Request): Promise<unknown> {
  if (call === 'setUp') return setUp(...args);
  if (call !== 'train') return callHost(call, args);
  const [{ data, ...run }] = args;
  const opened = data === undefined ? {} : { data: receiveData(data, { ...webDecoder, newCaches }) };
  return callHost(call, [{ ...run, ...opened } satisfies WorkerRun]);
}

async function callHost(
  call: Exclude<keyof WorkerCalls, 'setUp'>,
  args: readonly unknown[],
): Promise<unknown> {
  if (host === undefined) throw new WorkerError(`${call}: expected the call setUp first`);
  return (host as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>)[
    call
  ]?.(...args);
}

/** Large buffers of a result: moved to the page, where copying them would hold it up. */
function buffersOf(call: keyof WorkerCalls, result: unknown): Transferable[] {
  if (call === 'exportModel') return [(result as Uint8Array<ArrayBuffer>).buffer];
  if (call !== 'train') return [];
  const { model, checkpoint } = result as Readonly<Record<'model' | 'checkpoint', Uint8Array<ArrayBuffer>>>;
  return [model.buffer, checkpoint.buffer];
}

port.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  void answer(data);
});
