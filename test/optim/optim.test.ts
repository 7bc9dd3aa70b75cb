import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/ir/index.js';
import { Builder } from '../../src/ops/index.js';
import {
  biasCorrection,
  optimizerSlots,
  optimizerStep,
  type OptimizerOptions,
} from '../../src/optim/index.js';
import { fill, golden } from '../helpers/golden.js';
import { loadOrt, runOrt } from '../helpers/ort.js';
import { at, ndarray, type NdArray } from '../reference/array.js';
import { expectClose, type Tolerance } from '../reference/close.js';
import { evaluate } from '../reference/evaluate.js';

/** Each golden file, and its optimizer as make_golden.py configures it. */
const optimizers: readonly (readonly [file: string, lr: number, options: OptimizerOptions])[] = [
  ['adam', 1e-3, { kind: 'adam' }],
  ['adam_wd', 1e-2, { kind: 'adam', betas: [0.8, 0.95], eps: 1e-6, weightDecay: 0.1 }],
  ['adamw', 1e-2, { kind: 'adamw', weightDecay: 0.05 }],
  ['sgd', 0.1, { kind: 'sgd' }],
  ['sgd_momentum', 0.1, { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 }],
  ['sgd_nesterov', 0.1, { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 }],
];

const size = 21;

/** One step as a graph: params, grad, slots, lr, step -> params, slots. */
function stepGraph(options: OptimizerOptions): Graph {
  const b = new Builder();
  const [params, grad] = [b.input('params', 'float32', [size]), b.input('grad', 'float32', [size])];
  const names = optimizerSlots(options);
  const slots = names.map((name) => b.input(name, 'float32', [size]));
  const [lr, step] = [b.input('lr', 'float32', []), b.input('step', 'float32', [])];
  const next = optimizerStep(b, options, { params, grad, slots, lr, step });
  return b.finish('step', [
    { name: 'params_next', value: next.params },
    ...next.slots.map((value, i) => ({ name: `${names[i] ?? ''}_next`, value })),
  ]);
}

type Run = (feeds: Readonly<Record<string, NdArray>>) => Promise<Record<string, NdArray>>;

/** Ten steps from the file's start with its gradients, each held against the file. */
async function tenSteps(
  file: string,
  lr: number,
  options: OptimizerOptions,
  run: Run,
  tolerance: Tolerance,
): Promise<void> {
  const { tensor } = golden(`optim/${file}`);
  let params = ndarray([size], tensor('step.00').data);
  const names = optimizerSlots(options);
  let slots = Object.fromEntries(names.map((name) => [name, ndarray([size], new Float64Array(size))]));
  for (let t = 1; t <= 10; t++) {
    const grad = ndarray([size], fill(100 + t, size));
    const results = await run({ params, grad, ...slots, lr: ndarray([], [lr]), step: ndarray([], [t]) });
    const take = (name: string): NdArray => {
      const result = results[`${name}_next`];
      if (result === undefined) throw new TypeError(`no result ${name}_next`);
      return result;
    };
    params = take('params');
    slots = Object.fromEntries(names.map((name) => [name, take(name)]));
    const expected = ndarray([size], tensor(`step.${String(t).padStart(2, '0')}`).data);
    expectClose(`${file}: step ${t}`, params, expected, tolerance);
  }
}

/**
 * The file's numbers are rounded to float32 (2^-24), the hyperparameters in the graph too, and the bias correction is
 * off by 3e-8 of itself: ten steps of at most 0.1 x 1 (SGD with momentum: 0.3) move by 1e-7 of that. Parameters are up
 * to 1 in size.
 */
const reference: Tolerance = { relative: 2 ** -24, ofLargest: 1e-7 };

/** In float32 each of ten steps rounds parameters and update once more, 2 x 2^-24 each. */
const float32: Tolerance = { relative: 8 * 2 ** -24, ofLargest: 8 * 2 ** -24 };

describe.each(optimizers)('PyTorch, ten steps: %s', (file, lr, options) => {
  test('the float64 reference', async () => {
    const graph = stepGraph(options);
    await tenSteps(file, lr, options, (feeds) => Promise.resolve(evaluate(graph, feeds)), reference);
  });

  test('ONNX Runtime', async () => {
    const { run, dispose } = await loadOrt(stepGraph(options));
    try {
      await tenSteps(file, lr, options, run, float32);
    } finally {
      await dispose();
    }
  });
});

describe('the bias correction in float32', () => {
  const steps = [1, 2, 3, 5, 10, 30, 100, 399, 400, 401, 1000, 3000, 17_000, 1e6, 2 ** 24];

  test.each([0.999, 0.9, 0.9999, 0.99999, 0.95, 0.5, 0.1, 1e-30, 0])('beta %d', async (beta) => {
    const b = new Builder();
    const step = b.input('step', 'float32', []);
    const graph = b.finish('correction', [{ name: 'y', value: b.identity(biasCorrection(b, beta, step)) }]);
    for (const t of steps) {
      const { y } = await runOrt(graph, { step: ndarray([], [t]) });
      const expected = -Math.expm1(t * Math.log(beta));
      // -ln beta is rounded to float32, then about four operations: 5 x 2^-24; the subtraction at y = 0.4 triples its own.
      expect(Math.abs(at(y?.data ?? [], 0) / expected - 1), `step ${t}`).toBeLessThan(3e-7);
    }
  });
});

describe('options out of range', () => {
  const cases: readonly (readonly [OptimizerOptions, RegExp])[] = [
    [{ kind: 'adam', betas: [1, 0.9] }, /optimizer: betas\[0\]: expected a number in \[0, 1\), got 1$/],
    [{ kind: 'adam', betas: [0.9, -0.1] }, /optimizer: betas\[1\]: .*got -0\.1/],
    [{ kind: 'adam', betas: [NaN, 0.9] }, /betas\[0\]: .*got NaN/],
    [{ kind: 'adamw', eps: 0 }, /optimizer: eps: expected a finite number above 0, got 0/],
    [{ kind: 'adamw', weightDecay: -1 }, /weightDecay: expected a finite number of at least 0, got -1/],
    [{ kind: 'sgd', weightDecay: Infinity }, /weightDecay: .*got Infinity/],
    [{ kind: 'sgd', momentum: 1 }, /optimizer: momentum: expected a number in \[0, 1\), got 1/],
    [{ kind: 'sgd', momentum: NaN }, /momentum: .*got NaN/],
    [{ kind: 'sgd', nesterov: true }, /momentum: expected more than 0 for Nesterov momentum, got 0/],
  ];

  test.each(cases)('%j', (options, message) => {
    expect(() => stepGraph(options)).toThrow(message);
    expect(() => stepGraph(options)).toThrow(expect.objectContaining({ code: 'option' }));
  });

  test('limits are allowed', () => {
    expect(() => stepGraph({ kind: 'adam', betas: [0, 0], weightDecay: 0 })).not.toThrow();
    expect(() => stepGraph({ kind: 'sgd', momentum: 0 })).not.toThrow();
  });
});

test('every optimizer step is float32 throughout: no GPU computes in float64', () => {
  for (const [, , options] of optimizers) {
    const { nodes } = stepGraph(options);
    const others = nodes.flatMap(({ outputs }) => outputs).filter(({ dtype }) => dtype !== 'float32');
    expect(others.filter(({ dtype }) => dtype !== 'bool')).toEqual([]);
  }
});
