import { lowerPortable } from '../../src/lower/index.js';
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/index.js';
import { GradientError, OptionError, ShapeError } from '../../src/errors.js';
import type { Graph, Value } from '../../src/ir/index.js';
import {
  batchNorm,
  chain,
  checkTrainingBatch,
  conv,
  defineNetwork,
  flatten,
  freeze,
  linear,
} from '../../src/net/index.js';
import { Builder, type BatchNormState } from '../../src/ops/index.js';
import { runOrt } from '../helpers/ort.js';
import { expectClose, type Tolerance } from '../reference/close.js';
import { evaluate } from '../reference/evaluate.js';
import { feedsFor, graphOf } from './helpers.js';

const network = defineNetwork({
  name: 'normed',
  input: [2, 4, 4],
  classes: 3,
  net: chain(conv(3, 4, { bias: false }), batchNorm(), flatten(), linear(3, { name: 'fc' })),
});

const state = (b: Builder, channels: number): BatchNormState => {
  const vector = (name: string): Value => b.input(name, 'float32', [channels]);
  return {
    scale: vector('scale'),
    bias: vector('bias'),
    mean: vector('mean'),
    variance: vector('running_var'),
  };
};

/** Batch norm with its gradients and statistics as outputs. */
function normGraph(shape: readonly (number | string)[]): Graph {
  const b = new Builder();
  const x = b.input('x', 'float32', shape);
  const s = state(b, Number(shape[1]));
  const { y, mean, invStd, runningMean, runningVar } = b.batchNormTrain(x, s, { momentum: 0.3, eps: 1e-5 });
  const axes = shape.map((_, axis) => axis);
  const loss = b.reduceSum(b.mul(b.mul(y, y), y), axes);
  const [dx, dscale, dbias] = gradients(b, loss, [x, s.scale, s.bias]);
  const named = { y, mean, invStd, runningMean, runningVar, dx, dscale, dbias };
  return b.finish(
    'norm',
    Object.entries(named).flatMap(([name, value]) =>
      value === undefined ? [] : [{ name: `out.${name}`, value }],
    ),
  );
}

/** Only constants such as eps and n / (n - 1) are rounded to float32: 2^-24 each, a handful of them. */
const constants: Tolerance = { relative: 5 * 2 ** -24, ofLargest: 5 * 2 ** -24 };

describe('the standard form', () => {
  test.each([
    [['N', 3, 4, 5], 2],
    [['N', 2, 1, 1], 3],
    [[4, 3, 2, 2], 4],
    [['N', 5], 4],
  ] as const)('of batch norm of %j is what the operator says', (shape, batch) => {
    const graph = normGraph(shape);
    const feeds = feedsFor(graph, batch);
    const [composite, standard] = [evaluate(graph, feeds), evaluate(lowerPortable(graph), feeds)];
    for (const [name, value] of Object.entries(composite)) {
      expectClose(name, standard[name] ?? value, value, constants);
    }
  });

  test('keeps its digits where the mean is large', async () => {
    const graph = normGraph(['N', 2, 8, 8]);
    const feeds = feedsFor(graph, 4);
    // Mean 1000, deviation 0.58: E[x^2] - E[x]^2 in float32 would be 1e6 2^-24 = 0.06 off a variance of 0.33.
    const x = feeds['x'];
    if (x === undefined) throw new TypeError('no x');
    const far = { ...feeds, x: { shape: x.shape, data: x.data.map((v) => Math.fround(v + 1000)) } };
    const [exact, float32] = [evaluate(graph, far), await runOrt(graph, far)];
    // The mean itself is rounded to 2^-24 of 1000, 1e-4 of the deviation.
    const tolerance: Tolerance = { relative: 0, ofLargest: 2e-4 };
    for (const name of ['out.y', 'out.invStd', 'out.runningVar']) {
      const expected = exact[name];
      if (expected !== undefined) expectClose(name, float32[name] ?? expected, expected, tolerance);
    }
  });
});

describe('the layer', () => {
  test('has the tensors of torch.nn.BatchNorm2d', () => {
    const own = network.state.filter(({ name }) => name.startsWith('bn1'));
    expect(own.map(({ kind, name, shape }) => [kind, name, shape])).toEqual([
      ['parameter', 'bn1.weight', [3]],
      ['parameter', 'bn1.bias', [3]],
      ['buffer', 'bn1.running_mean', [3]],
      ['buffer', 'bn1.running_var', [3]],
    ]);
  });

  test('moves its running statistics in training only', () => {
    const names = (graph: Graph): string[] => graph.outputs.map(({ name }) => name);
    expect(names(graphOf(network, true))).toContain('next.bn1.running_var');
    expect(names(graphOf(network, false))).toEqual(['y']);
  });

  test('works as in evaluation where it is frozen', () => {
    const frozen = freeze(network, ['bn1']);
    const graph = graphOf(frozen, true);
    expect(graph.outputs.map(({ name }) => name)).toEqual([
      'y',
      ...['conv1.weight', 'fc.weight', 'fc.bias'].map((name) => `grad.${name}`),
    ]);
    const feeds = feedsFor(graph, 2);
    expect(evaluate(graph, feeds)['y']).toEqual(evaluate(graphOf(network, false), feeds)['y']);
  });

  test('refuses options out of range', () => {
    expect(() => batchNorm({ momentum: 1.5 })).toThrow(
      'batchNorm: momentum: expected a number in [0, 1], got 1.5',
    );
    expect(() => batchNorm({ eps: 0 })).toThrow(OptionError);
  });
});

describe('one value per channel', () => {
  test('is an error in training, once the batch is known', () => {
    expect(() => {
      checkTrainingBatch(network, 1);
    }).toThrow(
      'layer bn1: BatchNormTrain: expected more than 1 value per channel when training, got input size [1,3,1,1]; use a larger batch or image',
    );
    expect(() => {
      checkTrainingBatch(network, 2);
      checkTrainingBatch(freeze(network, ['bn1']), 1);
    }).not.toThrow();
  });

  test('is none in evaluation', async () => {
    const graph = graphOf(network, false);
    const { y } = await runOrt(graph, feedsFor(graph, 1));
    expect(y?.data.every(Number.isFinite)).toBe(true);
  });
});

test('tensors that do not fit are named', () => {
  const b = new Builder();
  const x = b.input('x', 'float32', ['N', 4, 2, 2]);
  expect(() => b.batchNormalization(x, state(b, 3), 1e-5)).toThrow(
    new ShapeError('BatchNormalization of float32[N,4,2,2]: expected [4], got float32[3]'),
  );
});

test('a loss that depends on the statistics themselves is refused, not differentiated wrongly', () => {
  const b = new Builder();
  const x = b.input('x', 'float32', ['N', 2, 2, 2]);
  const { y, mean } = b.batchNormTrain(x, state(b, 2), { momentum: 0.1, eps: 1e-5 });
  const loss = b.add(b.reduceSum(y, [0, 1, 2, 3]), b.reduceSum(mean, [0]));
  expect(() => gradients(b, loss, [x])).toThrow(GradientError);
  expect(() => gradients(b, loss, [x])).toThrow(/only its first output can be differentiated/);
});
