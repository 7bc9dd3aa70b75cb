/**
 * Measures one network in a process of its own, so that its memory is its own. Started with a WorkerOptions as JSON; says
 * `Ready`, then answers each line on stdin, `step N` or `forward B N`, with the milliseconds of each, and `peak` with MiB.
 */
import { createInterface } from 'node:readline';
import { encodeInferenceModel } from '../../src/artifacts/index.js';
import { assert } from '../../src/errors.js';
import type { LoweringReport, CreateSession, Session, Tensors } from '../../src/program/index.js';
import { createNodeSession } from '../../src/session/node.js';
import { Trainer } from '../../src/train/index.js';
import { nodeTuningStore } from '../../src/train/tuning-node.js';
import { namedWeights } from '../../src/weights/index.js';
import { findCases } from './cases.js';
import { gemmRate } from './gemm.js';

/** What a worker is started with. */
export interface WorkerOptions {
  readonly net: string;
  readonly batch: number;
  readonly target: 'auto' | 'portable';
  readonly threads: number;
  /** Whether the forms of the convolutions are measured, as in training. */
  readonly autotune: boolean;
  /** Beginning of the profiler's files; the steps are then profiled. */
  readonly profile?: string;
}

/** What a worker says when its first step is done. */
export interface Ready {
  readonly lowering: LoweringReport;
  readonly runtime: string;
  /** From the call that makes a trainer to the end of its first step. */
  readonly firstStepMs: number;
}

const options = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;
const { threads, batch, target, profile, autotune } = options;
const [subject] = findCases([options.net]);
assert(subject, `no case ${options.net}`);
const say = (message: unknown): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

const started = performance.now();
const network = subject.network();
let sessions = 0;
const createSession: CreateSession = (model, given) =>
  createNodeSession(model, {
    ...given,
    // A file for each session: the one that ran longest is the step's.
    ...(profile !== undefined && { profile: `${profile}-${sessions++}` }),
  });
const trainer = await Trainer.create(network, {
  createSession,
  threads,
  target,
  ...(autotune && { tuning: { batchSize: batch, store: nodeTuningStore({ threads }) } }),
});
const pixels = network.input.reduce((product, dim) => product * dim, batch);
const images = Float32Array.from({ length: pixels }, (_, i) => (i * 0.37) % 1);
const labels = Int32Array.from({ length: batch }, (_, i) => i % network.classes);
const step = async (): Promise<unknown> => trainer.step({ images, labels, size: batch }, 1e-3);
await step();
const firstStepMs = performance.now() - started;
say({ lowering: trainer.lowering, runtime: trainer.device.runtime, firstStepMs } satisfies Ready);

const inference = new Map<number, () => Promise<unknown>>();
let exported: Session | undefined;
async function forward(size: number): Promise<() => Promise<unknown>> {
  const known = inference.get(size);
  if (known !== undefined) return known;
  exported ??= await createNodeSession(
    encodeInferenceModel(network, namedWeights(network, await trainer.readState()), { foldBatchNorm: true }),
    { threads },
  );
  const session = exported;
  const tensor = (shape: readonly number[], value: (i: number) => number): Tensors[string] => {
    const length = shape.reduce((product, dim) => product * dim, 1);
    return { dtype: 'float32', shape, data: Float32Array.from({ length }, (_, i) => value(i)) };
  };
  const feeds = { input: tensor([size, ...network.input], (i) => (i * 0.37) % 1) };
  const results = { logits: tensor([size, network.classes], () => 0) };
  const run = (): Promise<unknown> => session.run(feeds, results);
  inference.set(size, run);
  return run;
}

async function timed(run: () => Promise<unknown>, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...numbers] = line.split(' ');
  const [first = 1, second = 1] = numbers.map(Number);
  if (word === 'step') say(await timed(step, first));
  else if (word === 'forward') say(await timed(await forward(first), second));
  else if (word === 'peak') say(process.resourceUsage().maxRSS / 1024);
  else if (word === 'gemm') say(await gemmRate(createNodeSession, { threads }));
  else break;
}
await exported?.dispose();
await trainer.dispose();
