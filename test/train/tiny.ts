import { stepLR } from '../../src/train/schedulers/steps.js';
import { Trainer, type TrainerOptions, type FitOptions } from '../../src/train/index.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { memoryDataset, type MemoryDataset, type MemorySplit } from '../../src/data/index.js';
import {
  add,
  batchNorm,
  chain,
  conv,
  defineNetwork,
  flatten,
  identity,
  linear,
  maxPool,
  named,
  relu,
  type Network,
} from '../../src/net/index.js';
import { createNodeSession } from '../../src/session/node.js';
import type { CreateSession } from '../../src/program/index.js';
import { fill } from '../helpers/golden.js';

/** A residual network for 8x8 images of 3 classes, about 400 parameters. */
export function tinyNetwork(options: { readonly norm?: boolean; readonly name?: string } = {}): Network {
  const { norm = false, name = 'tiny' } = options;
  const norms = norm ? [batchNorm()] : [];
  // A bias before a batch norm has no effect: its gradient is 0, of which Adam would make steps of rounding noise.
  const bias = !norm;
  const block = chain(add(chain(conv(4, 3, { padding: 1, bias }), ...norms), identity()), relu());
  return defineNetwork({
    name,
    input: [1, 8, 8],
    classes: 3,
    net: chain(
      ...[conv(4, 3, { bias }), ...norms, relu(), maxPool(2), named('block1', block)],
      ...[flatten(), linear(3, { name: 'head' })],
    ),
  });
}

/** Noise with a bright row that tells the class: 1, 4 or 6. */
export function tinySet(name: string, count: number, seed = 1): MemoryDataset {
  const labels = Int32Array.from({ length: count }, (_, i) => (i * 7 + (i >> 2)) % 3);
  const noise = fill(seed, count * 64);
  const images = Uint8Array.from(noise, (value, i) => {
    const row = Math.floor((i % 64) / 8);
    const bright = row === [1, 4, 6][labels[Math.floor(i / 64)] ?? 0];
    return Math.round(60 * (value + 1)) + (bright ? 120 : 0);
  });
  const classes = ['one', 'two', 'three'];
  return memoryDataset({ name, images, labels, channels: 1, height: 8, width: 8, classes });
}

/** A training set of `count` images and a test set of 20. */
export function tinyData(count = 24): MemorySplit {
  return { train: tinySet('tiny/train', count), test: tinySet('tiny/test', 20, 2) };
}

/** Sessions on one thread: the graphs are small, and one order of additions makes runs repeat bit for bit. */
export const createSession: CreateSession = (model, options) =>
  createNodeSession(model, { ...options, threads: 1 });

/** A trainer that is disposed of after the test. */
export async function tinyTrainer(
  network: Network = tinyNetwork(),
  options: Partial<TrainerOptions> = {},
): Promise<Trainer> {
  const trainer = await Trainer.create(network, { createSession, ...options });
  cleanups.push(() => trainer.dispose());
  return trainer;
}

/** Options of `fit` for the tiny data. */
export function tinyFit(options: Partial<FitOptions> = {}): FitOptions {
  return {
    ...{ epochs: 2, batchSize: 8, learningRate: 0.01, scheduler: stepLR({ stepSize: 1, gamma: 0.5 }) },
    ...options,
  };
}

/** A temporary folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ort-train-'));
  cleanups.push(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** The part of a record that does not depend on the clock. */
export function withoutTimes<T extends object>(record: T): Partial<T> {
  return { ...record, seconds: 0, imagesPerSecond: 0 };
}
