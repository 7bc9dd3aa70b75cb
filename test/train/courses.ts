import { expect } from 'vitest';
import {
  buildGraph,
  type CreateSession,
  type GraphOptions,
  type LabelledBatch,
  type Network,
  type TrainingState,
} from '../../src/program/index.js';
import { createNodeSession } from '../../src/session/node.js';
import type { Trainer, TrainerOptions } from '../../src/train/index.js';
import { hasWebgpu } from '../helpers/webgpu.js';
import { ndarray, type NdArray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';
import { fastKernels } from '../reference-fast/index.js';
import { sampled } from './clip-network.js';

/** What a run has come to. */
export interface Course {
  /** Of each batch. */
  readonly losses: readonly number[];
  readonly correct: readonly number[];
  readonly params: ArrayLike<number>;
  readonly buffers: ArrayLike<number>;
}

/** The batches of each step. */
type Windows = readonly (readonly LabelledBatch[])[];

/** The steps of our graphs in float64. */
export function inFloat64(
  network: Network,
  graph: GraphOptions,
  { params, buffers, slots }: TrainingState,
  windows: Windows,
  lr: number,
): Course {
  const [step, grad, update] = [
    buildGraph(network, 'step', graph),
    buildGraph(network, 'training', graph),
    buildGraph(network, 'optimizer', graph),
  ];
  let state: Readonly<Record<string, NdArray>> = Object.fromEntries(
    Object.entries({ params, buffers, ...slots, grad: new Float32Array(params.length) }).map(
      ([name, data]) => [name, ndarray([data.length], data)],
    ),
  );
  const losses: number[] = [];
  const correct: number[] = [];
  const run = (of: typeof step, feeds: Readonly<Record<string, NdArray>>): void => {
    const results = evaluate(of, { ...state, ...feeds }, fastKernels);
    const next = Object.entries(results).flatMap(([name, value]) =>
      name.endsWith('_next') ? [[name.replace(/_next$/, ''), value] as const] : [],
    );
    state = { ...state, ...Object.fromEntries(next) };
    if (results['loss'] !== undefined) losses.push(Number(results['loss'].data[0]));
    if (results['correct'] !== undefined) correct.push(Number(results['correct'].data[0]));
  };
  const scalar = (value: number): NdArray => ndarray([], [value]);
  windows.forEach((batches, t) => {
    const taken = { lr: scalar(lr), step: scalar(t + 1) };
    batches.forEach(({ images, labels, targets, size }, i) => {
      const batch = {
        input: ndarray([size, ...network.input], images),
        target: ndarray([size], labels),
        ...(targets && { targets: ndarray([size, network.classes], targets) }),
      };
      if (graph.accumulates === true) run(grad, { ...batch, keep: scalar(i === 0 ? 0 : 1) });
      else run(step, { ...batch, ...taken });
    });
    if (graph.accumulates === true) run(update, { ...taken, batches: scalar(batches.length) });
  });
  return { losses, correct, params: state['params']?.data ?? [], buffers: state['buffers']?.data ?? [] };
}

/** The steps of a trainer, in float32. */
export async function trained(trainer: Trainer, windows: Windows, lr: number): Promise<Course> {
  const losses: number[] = [];
  const correct: number[] = [];
  for (const batches of windows) {
    for (const [i, batch] of batches.entries()) {
      const endsStep = i + 1 === batches.length;
      const result = await trainer.step(batch, lr, { endsStep });
      losses.push(result.loss);
      correct.push(result.correct);
      expect(trainer.isBetweenSteps).toBe(endsStep);
    }
  }
  expect(trainer.steps).toBe(windows.length);
  return { ...(await trainer.readState()), losses, correct };
}

/** Largest distances from the golden file's, parameters by the largest of them. */
export function distances(
  golden: Readonly<Record<'losses' | 'params' | 'buffers', readonly number[]>>,
  { losses, params, buffers }: Course,
): Readonly<Record<'losses' | 'params' | 'buffers', number>> {
  const off = (actual: ArrayLike<number>, expected: readonly number[]): number => {
    expect(actual).toHaveLength(expected.length);
    const largest = Math.max(...expected.map(Math.abs));
    return Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] ?? NaN)))) / largest;
  };
  return {
    losses: off(losses, golden.losses),
    params: off(sampled(params), golden.params),
    buffers: off(buffers, golden.buffers),
  };
}

/** onnxruntime-node's processor in the place of a browser's: the wasm form is of standard operators. */
const asWasm: CreateSession = async (model, options) => {
  const session = await createNodeSession(model, { ...options, threads: 1 });
  const { outputNames, device } = session;
  return {
    ...{ outputNames, device: { ...device, chosen: 'wasm' } },
    run: (feeds, outputs) => session.run(feeds, outputs),
    dispose: () => session.dispose(),
  };
};

type DeviceOptions = Pick<TrainerOptions, 'createSession' | 'target' | 'threads' | 'devices'>;

/** The forms of a step that this machine can run, and how a trainer gets each. */
export async function formsHere(): Promise<readonly (readonly [form: string, options: DeviceOptions])[]> {
  return [
    ['portable', { createSession: createNodeSession, target: 'portable', threads: 1 }],
    ['cpu', { createSession: createNodeSession, threads: 1 }],
    ['wasm', { createSession: asWasm }],
    ...((await hasWebgpu())
      ? ([['webgpu', { createSession: createNodeSession, devices: ['webgpu'] }]] as const)
      : []),
  ];
}

/** Throws unless the trainer runs the form. */
export function expectForm({ lowering }: Trainer, form: string): void {
  // Where this CPU has no blocked operators, the portable form is what it runs, and the report says so.
  const isBare = form === 'cpu' && lowering.reason.includes('no blocked operators');
  expect(lowering.target).toBe(isBare ? 'portable' : form);
}
