import { lowerPortable } from '../../src/lower/index.js';
import { expect, test } from 'vitest';
import { buildGraph, stateLayout, type GraphOptions, type Tensors } from '../../src/program/index.js';
import { toFlat, fromFlat } from '../../src/net/layout.js';
import { resnet } from '../../src/models/index.js';
import type { Network } from '../../src/net/index.js';
import { encodeModel } from '../../src/onnx/index.js';
import { createNodeSession } from '../../src/session/node.js';
import type { TensorData, TypedArray } from '../../src/ir/index.js';
import { fill } from '../helpers/golden.js';
import { product, traceOf, traceWeights, type Trace } from './torchvision.js';

/** How far float32 may be from PyTorch's float64, relative to the largest number of each tensor. */
interface Tolerances {
  /** Eval logits before training, loss of the first step. */
  readonly exact: number;
  /** Norms of all gradients, and single entries relative to their tensor's root mean square. */
  readonly norms: number;
  readonly entries: number;
  /** Losses after one and two steps, eval logits after three. */
  readonly losses: readonly [number, number];
  readonly after: number;
}

/**
 * Adam's first steps are lr sign(g): wherever a gradient is smaller than its rounding error, the sign is a coin toss, and
 * a ReLU whose input is nearly 0 tosses one too. Measured distances for ResNet-18: 6e-7 exact, 9e-7 norms, 2e-5 entries,
 * losses 1e-5 and 3e-4 (6e-4 with the input scaled by 1 + 2^-22, which batch norm cancels: only roundings differ), logits
 * after 2e-3. ResNet-50 from these weights (logits of 500, gradient norms of 300) amplifies more: 4e-6, 2e-3, 2e-2,
 * losses 2e-2 (3e-2) and 0.2, logits after 6e-2. That none of it is a mistake shows in float64, resnet-float64.test.ts:
 * both agree through all three steps, to 2e-11 in losses and 1e-13 in gradient norms.
 */
const tolerances: Readonly<Record<18 | 50, Tolerances>> = {
  18: { exact: 1e-4, norms: 1e-3, entries: 1e-3, losses: [1e-3, 3e-3], after: 1e-2 },
  50: { exact: 1e-4, norms: 1e-2, entries: 0.1, losses: [0.1, 0.6], after: 0.2 },
};

const options: GraphOptions = { optimizer: { kind: 'adam' } };

const float32 = (data: Float32Array, shape: readonly number[] = [data.length]): TensorData => ({
  dtype: 'float32',
  shape,
  data,
});

const int32 = (values: readonly number[], shape: readonly number[]): TensorData => ({
  dtype: 'int32',
  shape,
  data: Int32Array.from(values),
});

/** Runs one of a network's graphs on every feed in turn; each feed may depend on the results before. */
async function runGraph(
  network: Network,
  kind: 'training' | 'step' | 'eval',
  feeds: readonly ((before: Tensors) => Tensors)[],
): Promise<Tensors[]> {
  const graph = lowerPortable(buildGraph(network, kind, options));
  const session = await createNodeSession(encodeModel(graph), { threads: 2 });
  const names = graph.outputs.map(({ name }) => name);
  const results: Tensors[] = [];
  for (const feed of feeds) results.push(await session.run(feed(results.at(-1) ?? {}), names));
  await session.dispose();
  return results;
}

function get(tensors: Tensors, name: string): TensorData {
  const tensor = tensors[name];
  if (tensor === undefined) throw new TypeError(`no result ${name}`);
  return tensor;
}

/** Largest distance, relative to the largest expected number. */
function distance(actual: TypedArray | readonly number[], expected: readonly number[]): number {
  const top = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const off = expected.map((value, i) => Math.abs(Number(actual[i]) - value));
  return off.reduce((most, value) => Math.max(most, Number.isNaN(value) ? Infinity : value), 0) / top;
}

function expectNear(
  what: string,
  actual: TypedArray | readonly number[],
  expected: readonly number[],
  tolerance: number,
): void {
  expect(distance(actual, expected), what).toBeLessThan(tolerance);
}

async function follow(network: Network, trace: Trace, allowed: Tolerances): Promise<void> {
  const layout = stateLayout(network);
  const weights = traceWeights(network, trace);
  const { shape, fill_seed: seed } = trace.input;
  const batch: Tensors = {
    input: float32(Float32Array.from(fill(seed, product(shape))), shape),
    target: int32(trace.target, [trace.target.length]),
  };
  const start: Tensors = {
    params: float32(toFlat(layout.parameters, weights, network.name)),
    buffers: float32(toFlat(layout.buffers, weights, network.name)),
  };
  const zeros = float32(new Float32Array(layout.parameters.size));
  const moments: Tensors = { first_moment: zeros, second_moment: zeros };

  const [first] = await runGraph(network, 'training', [() => ({ ...start, ...batch })]);
  const grads = fromFlat(layout.parameters, get(first ?? {}, 'grad').data as Float32Array);
  const norms = Object.entries(trace.grad_norms_step1).map(([name, norm]) => {
    const grad = grads.get(name) ?? new Float32Array();
    const got = Math.sqrt(grad.reduce((sum, g) => sum + g * g, 0));
    // Of the tensor's root mean square: single entries may be near 0.
    const scale = norm / Math.sqrt(grad.length);
    const eight = trace.grad_first8_step1[name] ?? [];
    const off = eight.map((value, i) => Math.abs((grad[i] ?? NaN) - value) / scale);
    return { name, norm: Math.abs(got / norm - 1), entries: Math.max(...off) };
  });
  expect(norms.filter(({ norm, entries }) => !(norm < allowed.norms && entries < allowed.entries))).toEqual(
    [],
  );

  const steps = await runGraph(
    network,
    'step',
    trace.losses.map((_, i) => (before: Tensors) => {
      const state: Tensors =
        i === 0
          ? { ...start, ...moments }
          : Object.fromEntries(
              ['params', 'buffers', 'first_moment', 'second_moment'].map(
                (name) => [name, get(before, `${name}_next`)] as const,
              ),
            );
      return {
        ...state,
        ...batch,
        lr: float32(Float32Array.of(1e-3), []),
        step: float32(Float32Array.of(i + 1), []),
      };
    }),
  );
  steps.forEach((step, i) => {
    expectNear(
      `loss ${i + 1}`,
      get(step, 'loss').data,
      [trace.losses[i] ?? NaN],
      [allowed.exact, ...allowed.losses][i] ?? 0,
    );
  });
  const last = steps.at(-1) ?? {};
  const [before, after] = await runGraph(network, 'eval', [
    () => ({ ...start, ...batch }),
    () => ({ params: get(last, 'params_next'), buffers: get(last, 'buffers_next'), ...batch }),
  ]);
  expectNear(
    'logits before',
    get(before ?? {}, 'logits').data,
    trace.eval_logits_before.flat(),
    allowed.exact,
  );
  expectNear('logits after', get(after ?? {}, 'logits').data, trace.eval_logits_after.flat(), allowed.after);
}

test.each([18, 50] as const)(
  'ResNet-%i follows torchvision through three Adam steps',
  async (depth) => {
    const trace = traceOf(`resnet${depth}`);
    await follow(resnet(depth, { classes: 10, imageSize: 64 }), trace, tolerances[depth]);
  },
  180_000,
);
