import { stepLR } from '../../src/train/schedulers/steps.js';
import type { BatchEnd } from '../../src/train/index.js';
import { afterEach } from 'vitest';
import { StorageError } from '../../src/errors.js';
import { createNodeSession } from '../../src/session/node.js';
import type { CreateSession } from '../../src/program/index.js';
import type { CheckpointStore } from '../../src/storage/checkpoint-store.js';
import type { PixelImage } from '../../src/export/index.js';
import { TrainingHost } from '../../src/worker/host.js';
import type { RunEvent, WorkerRun } from '../../src/worker/protocol.js';
import type { RunPlatform } from '../../src/worker/run.js';
import { embeddedDigits, type MemorySplit } from '../../src/data/index.js';

/** Sessions on one thread: the graphs are small, and one order of additions makes runs repeat bit for bit. */
export const createSession: CreateSession = (model, options) =>
  createNodeSession(model, { ...options, devices: ['cpu'], threads: 1 });

/** 96 digits to train on, 40 to test with. */
export const digits: MemorySplit = embeddedDigits({ train: 96, test: 40 });

/** A store in memory that can be told to fail. */
export class MemoryStore implements CheckpointStore {
  readonly where = 'opfs';
  readonly kept = new Map<string, Uint8Array>();
  failure: StorageError | undefined;
  writes = 0;

  read(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.kept.get(key));
  }

  write(key: string, bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.writes += 1;
    this.kept.set(key, bytes.slice());
    return Promise.resolve();
  }

  remove(key: string): Promise<void> {
    this.kept.delete(key);
    return Promise.resolve();
  }
}

/** Locks as pages have them, in memory. */
export function memoryLocks(): RunPlatform['lockKey'] {
  const taken = new Set<string>();
  return (key) => {
    if (taken.has(key)) return Promise.reject(new StorageError(`checkpoint '${key}': another page has it`));
    taken.add(key);
    return Promise.resolve(() => {
      taken.delete(key);
    });
  };
}

/** A host and what it told its page. */
export interface TestHost {
  readonly host: TrainingHost;
  readonly store: MemoryStore;
  readonly events: RunEvent[];
  /** Called with each event when it is sent, e.g. to call the host in the middle of a run. */
  onEvent: (event: RunEvent) => void;
  readonly losses: () => readonly number[];
  readonly warnings: () => readonly string[];
}

const hosts: TrainingHost[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

/** A host on onnxruntime-node; steps are told at once. */
export function testHost(
  platform: Partial<RunPlatform> = {},
  store = new MemoryStore(),
  key = 'default',
): TestHost {
  const events: RunEvent[] = [];
  const host = new TrainingHost(
    {
      createSession,
      openData: ({ data }) => Promise.resolve(typeof data === 'object' && 'train' in data ? data : digits),
      openStore: () => Promise.resolve(store),
      lockKey: memoryLocks(),
      nextTask: () => new Promise((resolve) => setImmediate(resolve)),
      send: (event) => {
        events.push(event);
        made.onEvent(event);
      },
      ...platform,
    },
    key,
  );
  hosts.push(host);
  const made: TestHost = {
    ...{ host, store, events },
    onEvent: () => undefined,
    losses: () => batchesIn(events).map(({ loss }) => loss),
    warnings: () => events.flatMap((event) => (event.kind === 'warning' ? [event.message] : [])),
  };
  return made;
}

/** All steps that were told, in order. */
export function batchesIn(events: readonly RunEvent[]): readonly BatchEnd[] {
  return events.flatMap((event) => (event.kind === 'batches' ? event.batches : []));
}

/** Two epochs of six steps, stored at their ends only: by the clock a slow machine would store it more often. */
export const recipe: WorkerRun = {
  network: { family: 'cifar-resnet', depth: 8, channels: 1, imageSize: 28 },
  epochs: 2,
  batchSize: 16,
  learningRate: 2e-3,
  scheduler: stepLR({ stepSize: 1, gamma: 0.5 }),
  threads: 1,
  seed: 3,
  checkpointSeconds: 1e9,
};

/** An image of the test set. */
export function imageOf(index: number, set = digits.test): PixelImage {
  const pixels = set.images.slice(index * 784, (index + 1) * 784);
  return { pixels, channels: 1, height: 28, width: 28 };
}

/** Calls the host when a step of this number is told, and gives what it answered. */
export function atStep<T>(made: TestHost, step: number, call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    made.onEvent = (event: RunEvent) => {
      if (isDone || event.kind !== 'batches' || !event.batches.some((batch) => batch.step >= step)) return;
      isDone = true;
      call().then(resolve, reject);
    };
  });
}
