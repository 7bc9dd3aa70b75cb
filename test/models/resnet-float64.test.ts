import { expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/index.js';
import { prune, type Graph, type Value } from '../../src/ir/index.js';
import { crossEntropy, resnet } from '../../src/models/index.js';
import { buildNetwork, type Network } from '../../src/net/index.js';
import { Builder } from '../../src/ops/index.js';
import { fill } from '../helpers/golden.js';
import { at, ndarray, type NdArray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';
import { fastKernels } from '../reference-fast/index.js';
import { product, traceOf, traceWeights, type Trace } from './torchvision.js';

/**
 * The same traces as in resnet-parity.test.ts, with our graphs evaluated in float64 as PyTorch did, so that nothing hides
 * behind the sensitivity of the trajectory. Measured, relative: losses 2e-13 (ResNet-18) and 2e-11 (ResNet-50), gradient
 * norms 2e-14 and 1e-13, single gradients 7e-14 and 1e-12 of their tensor's root mean square: sums in another order. The
 * logits are off by 5e-8, because the golden file has them in float32.
 */
const tolerances = { logits: 1e-6, others: 1e-9 };

/** Forward and backward pass with every tensor an input of its own. */
function graphOf(network: Network, training: boolean): Graph {
  const b = new Builder();
  const x = b.input('input', 'float32', ['N', ...network.input]);
  const target = b.input('target', 'int32', ['N']);
  const tensors = new Map<string, Value>(
    network.state.map(({ name, shape }) => [name, b.input(`state.${name}`, 'float32', shape)]),
  );
  const outputs: { name: string; value: Value }[] = [];
  const take = ({ name }: { readonly name: string }): Value => {
    const value = tensors.get(name);
    if (value === undefined) throw new TypeError(name);
    return value;
  };
  const update = (name: string, value: Value): void => void outputs.push({ name: `next.${name}`, value });
  const logits = buildNetwork(b, network, x, { training, take, update });
  outputs.push({ name: 'logits', value: logits });
  if (!training) return b.finish('eval', outputs);
  const loss = crossEntropy(b, logits, target);
  const parameters = network.state.filter(({ kind }) => kind === 'parameter');
  const grads = gradients(b, loss, parameters.map(take));
  parameters.forEach(({ name }, i) => {
    const value = grads[i];
    if (value !== undefined) outputs.push({ name: `grad.${name}`, value });
  });
  return prune(b.finish('training', [...outputs, { name: 'loss', value: loss }]));
}

function follow(network: Network, trace: Trace): Readonly<Record<string, number>> {
  const { shape, fill_seed: seed } = trace.input;
  const state = new Map<string, NdArray>();
  const moments = new Map<string, readonly [m: Float64Array, v: Float64Array]>();
  const shapes = new Map(network.state.map((spec) => [spec.name, spec.shape]));
  for (const [name, data] of traceWeights(network, trace)) {
    state.set(name, ndarray(shapes.get(name) ?? [], data));
    moments.set(name, [new Float64Array(data.length), new Float64Array(data.length)]);
  }
  const feeds = (): Record<string, NdArray> => ({
    input: ndarray(shape, fill(seed, product(shape))),
    target: ndarray([trace.target.length], trace.target),
    ...Object.fromEntries([...state].map(([name, value]) => [`state.${name}`, value])),
  });
  const distances: Record<string, number> = {};
  const largest = (values: readonly number[]): number =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  /** Largest distance from the expected numbers, which may be fewer, relative to `scale`. */
  const note = (
    what: string,
    actual: ArrayLike<number>,
    expected: readonly number[],
    scale = largest(expected),
  ): void => {
    const off = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - at(actual, i))), 0);
    distances[what] = Math.max(distances[what] ?? 0, off / scale);
  };
  const result = (results: Readonly<Record<string, NdArray>>, name: string): Float64Array => {
    const found = results[name];
    if (found === undefined) throw new TypeError(`no ${name}`);
    return found.data;
  };

  const [trainGraph, evalGraph] = [graphOf(network, true), graphOf(network, false)];
  const parameters = network.state.filter(({ kind }) => kind === 'parameter').map(({ name }) => name);
  // What the trace knows of gradients is of these and no others.
  expect(parameters.toSorted()).toEqual(Object.keys(trace.grad_norms_step1).sort());
  expect(parameters.toSorted()).toEqual(Object.keys(trace.grad_first8_step1).sort());
  note(
    'logits before',
    result(evaluate(evalGraph, feeds(), fastKernels), 'logits'),
    trace.eval_logits_before.flat(),
  );
  trace.losses.forEach((loss, step) => {
    const results = evaluate(trainGraph, feeds(), fastKernels);
    note(`loss ${step + 1}`, result(results, 'loss'), [loss]);
    for (const name of parameters) {
      const grad = result(results, `grad.${name}`);
      if (step === 0) {
        const norm = trace.grad_norms_step1[name] ?? NaN;
        const first = trace.grad_first8_step1[name] ?? [];
        note('gradient norms', [Math.sqrt(grad.reduce((sum, g) => sum + g * g, 0))], [norm]);
        expect(first.length, name).toBe(Math.min(8, grad.length));
        // Of the tensor's root mean square: single entries may be near 0.
        note('gradients', grad, first, norm / Math.sqrt(grad.length));
      }
      adam(state.get(name), grad, moments.get(name), step + 1);
    }
    for (const [name, output] of Object.entries(results)) {
      if (name.startsWith('next.')) state.set(name.slice(5), output);
    }
  });
  note(
    'logits after',
    result(evaluate(evalGraph, feeds(), fastKernels), 'logits'),
    trace.eval_logits_after.flat(),
  );
  return distances;
}

/** PyTorch's Adam with its defaults, in place. */
function adam(
  w: NdArray | undefined,
  g: Float64Array,
  moments: readonly [m: Float64Array, v: Float64Array] | undefined,
  step: number,
): void {
  if (w === undefined || moments === undefined) throw new TypeError('no such parameter');
  const [m, v] = moments;
  const [c1, c2] = [1 - 0.9 ** step, Math.sqrt(1 - 0.999 ** step)];
  for (let i = 0; i < g.length; i++) {
    m[i] = 0.9 * at(m, i) + 0.1 * at(g, i);
    v[i] = 0.999 * at(v, i) + 0.001 * at(g, i) ** 2;
    w.data[i] = at(w.data, i) - ((1e-3 / c1) * at(m, i)) / (Math.sqrt(at(v, i)) / c2 + 1e-8);
  }
}

test.each([18, 50] as const)(
  'ResNet-%i in float64 is torchvision in float64',
  (depth) => {
    const distances = follow(resnet(depth, { classes: 10, imageSize: 64 }), traceOf(`resnet${depth}`));
    const allowed = (what: string): number =>
      what.startsWith('logits') ? tolerances.logits : tolerances.others;
    expect(Object.keys(distances)).toHaveLength(7);
    expect(Object.entries(distances).filter(([what, off]) => !(off < allowed(what)))).toEqual([]);
  },
  180_000,
);
