import { describe, expect, it } from 'vitest';
import type { Graph, Value } from '../../src/ir/index.js';
import { bindDims, lowerPortable, type TargetState } from '../../src/lower/index.js';
import { lowerCpu } from '../../src/lower/cpu/index.js';
import {
  batchNorm,
  chain,
  conv,
  defineNetwork,
  freeze,
  globalAveragePool,
  linear,
  relu,
  stateLayout,
  type Network,
} from '../../src/net/index.js';
import { presetNetwork } from '../../src/models/index.js';
import { Builder, ops } from '../../src/ops/index.js';
import { buildGraph } from '../../src/program/index.js';
import { fill } from '../helpers/golden.js';
import { blockSize, both, bothForms, difference, run, withResults, type Arrays } from './helpers.js';
import { cpuLayout, feedsOf } from './network-feeds.js';

/** Channels that fill no block, of 8 or of 16, and groups that share one. */
const uneven = defineNetwork({
  name: 'uneven',
  input: [3, 8, 8],
  classes: 10,
  net: chain(
    ...[conv(20, 3, { padding: 1 }), batchNorm(), relu()],
    ...[conv(30, 3, { padding: 1, groups: 10 }), relu(), conv(50, 3, { padding: 1 }), relu()],
    ...[globalAveragePool(), linear(10)],
  ),
});
const { size } = stateLayout(uneven).parameters;

/** A graph over two vectors of the network's parameters, and a scalar. */
function over(
  build: (b: Builder, grad: Value, params: Value, scale: Value) => Readonly<Record<string, Value>>,
): Graph {
  const b = new Builder();
  const [grad, params] = ['grad', 'params'].map((name) => b.input(name, 'float32', [size]));
  const scale = b.input('scale', 'float32', []);
  if (grad === undefined || params === undefined) throw new TypeError('two inputs');
  const outputs = Object.entries(build(b, grad, params, scale));
  return b.finish(
    'over',
    outputs.map(([name, value]) => ({ name, value })),
  );
}

/** All gradients are negative: the zeros that fill up blocks are larger than any of them. */
const feeds: Arrays = {
  grad: Float32Array.from(fill(5, size), (v) => -1.5 + v),
  params: Float32Array.from(fill(6, size)),
  scale: Float32Array.of(0.75),
};

const reductions = (b: Builder, x: Value): Readonly<Record<string, Value>> => ({
  sum: b.reduceSum(x, [0]),
  mean: b.reduceMean(x, [0]),
  max: b.reduceMax(x, [0]),
  kept: b.reduceMax(x, [-1], true),
  meanKept: b.reduceMean(x, [0], true),
});

const graphs: Readonly<Record<string, Graph>> = {
  'of a vector': over((b, grad) => reductions(b, grad)),
  'of its squares': over((b, grad) => reductions(b, b.mul(grad, grad))),
  'of what makes no zero of zero': over((b, grad) => reductions(b, b.exp(grad))),
  'of what makes no number of zero': over((b, grad) => reductions(b, b.log(b.neg(grad)))),
  'after a scalar is added': over((b, grad, _, scale) => reductions(b, b.add(grad, scale))),
  'of two vectors': over((b, grad, params) => reductions(b, b.div(params, b.sub(grad, 1)))),
  'of a count': over((b, grad) => reductions(b, b.cast(b.less(grad, 0.25), 'float32'))),
  'of what a scalar bounds': over((b, grad, _, scale) => reductions(b, b.max(b.min(grad, scale), -1))),
  'clipped by its norm': over((b, grad, params) => {
    const norm = b.sqrt(b.reduceSum(b.mul(grad, grad), [0]));
    const clipped = b.mul(grad, b.min(b.div(1, b.add(norm, 1e-6)), 1));
    return { norm, params_next: b.sub(params, clipped), ...reductions(b, clipped) };
  }),
};

// Sums of 20,000 numbers in another order: each addition rounds by 6e-8, and pieces have a few thousand.
const SUMS = 3e-6;

const layout = cpuLayout(uneven);
const pieceNames = (name: string): readonly string[] =>
  Object.keys(layout.tensors(name, layout.toTarget(name, new Float32Array(size))));

/** What a graph with the network's layout gives, next to the portable graph. */
const compare = (graph: Graph, given = feeds): ReturnType<typeof both> => both(graph, 1, given, { layout });

describe.skipIf(blockSize === undefined)('reductions over vectors in blocks', () => {
  it.each(Object.entries(graphs))('%s', async (_, graph) => {
    const { portable, lowered, lowering } = await compare(graph);
    expect(Object.keys(portable).length).toBeGreaterThan(0);
    for (const name of Object.keys(portable)) {
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(SUMS);
    }
    // The layout is kept: nothing is gathered into one vector before it is reduced.
    expect(lowering.graph.inputs.map(({ name }) => name)).toEqual(
      expect.arrayContaining([...pieceNames('grad')]),
    );
    expect(lowering.graph.nodes.filter(({ op }) => op.name === 'Transpose')).toEqual([]);
  });

  it('finds a number that is not finite, and none where there is none', async () => {
    // 0 x is 0 unless x is infinite or none.
    const graph = over((b, grad) => ({
      bad: b.sub(size, b.reduceSum(b.cast(b.equal(b.mul(grad, 0), 0), 'float32'), [0])),
    }));
    expect((await compare(graph)).lowered['bad']).toEqual(Float32Array.of(0));
    const grad = Float32Array.from(feeds['grad'] ?? []);
    grad[size - 1] = Infinity;
    grad[7] = NaN;
    expect((await compare(graph, { ...feeds, grad })).lowered['bad']).toEqual(Float32Array.of(2));
  });
});

describe.skipIf(blockSize === undefined)('other uses of vectors in blocks', () => {
  it('lays a vector out as in the portable graph for what is not done piece by piece', async () => {
    const order = Int32Array.from({ length: size }, (_, i) => size - 1 - i);
    const graph = over((b, grad, params) => {
      const index = b.constant({ dtype: 'int32', shape: [size], data: order }, 'order');
      const turned = b.emit(ops.Gather, [b.exp(grad), index], { axis: 0 });
      const isLess = b.emit(ops.Gather, [b.cast(b.less(grad, params), 'int32'), index], { axis: 0 });
      // A vector that has no layout meets one that has.
      return { turned, isLess: b.cast(isLess, 'float32'), params_next: b.add(params, turned) };
    });
    const { portable, lowered, lowering } = await compare(graph);
    // Exp in vectors of another alignment rounds otherwise: one digit of float32.
    for (const name of ['turned', 'params_next'])
      expect(difference(lowered[name], portable[name]), name).toBeLessThan(2e-7);
    expect(lowered['isLess']).toEqual(portable['isLess']);
    expect(lowering.graph.outputs.map(({ name }) => name)).toEqual([
      'turned',
      'isLess',
      ...pieceNames('params_next'),
    ]);
  });

  it('gives zeros between tensors, whatever the graph makes of them', async () => {
    const graph = over((b, grad, params) => ({ params_next: b.add(b.exp(params), b.reciprocal(grad)) }));
    const { graph: lowered } = lowerCpu(graph, { blockSize: blockSize ?? 16, batch: 1, layout });
    const results = await run(lowered, laid(layout, feeds));
    const next = Float32Array.from(pieceNames('params_next').flatMap((name) => [...(results[name] ?? [])]));
    const isOwn = layout.toTarget('params', new Float32Array(size).fill(1));
    expect(next).toHaveLength(isOwn.length);
    expect(next.length).toBeGreaterThan(size);
    expect(next.filter((value, i) => isOwn[i] === 0 && value !== 0)).toEqual(new Float32Array(0));
  });

  it('takes tensors out of a vector that was computed, and packs others', async () => {
    const { slots } = stateLayout(uneven).parameters;
    const graph = over((b, grad, params) => {
      const moved = b.sub(params, grad);
      const tensors = slots.map(({ name, offset, shape }) =>
        b.emit(ops.BundleGet, [moved], { slot: name, offset, shape }, name),
      );
      const doubled = tensors.map((tensor) => b.mul(tensor, 2));
      const outputs = tensors.map((tensor, i) => [`tensor${i}`, b.identity(tensor)] as const);
      return {
        ...Object.fromEntries(outputs),
        params_next: b.emit(ops.BundlePack, doubled, { bundle: 'params' }),
      };
    });
    const { portable, lowered } = await compare(graph);
    for (const [name, values] of Object.entries(portable)) expect(lowered[name], name).toEqual(values);
  });
});

/** Feeds in the layout, by the names of the pieces. */
function laid(state: TargetState, given: Arrays): Record<string, Arrays[string]> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, data]): (readonly [string, Arrays[string]])[] =>
      data instanceof Float32Array
        ? Object.entries(state.tensors(name, state.toTarget(name, data))).map(([piece, tensor]) => [
            piece,
            tensor.data as Float32Array,
          ])
        : [[name, data]],
    ),
  );
}

const networks: Readonly<Record<string, () => Network>> = {
  "the tutorial's": () => presetNetwork('mnist-cnn'),
  'ResNet-20': () => presetNetwork('resnet20-cifar', { imageSize: 16 }),
  'one of uneven widths and groups': () => uneven,
  'one whose trunk is frozen': () =>
    freeze(presetNetwork('resnet20-cifar', { imageSize: 16 }), ['*'], { except: ['layer3', 'fc'] }),
};

describe.skipIf(blockSize === undefined).each(Object.entries(networks))('one layout for %s', (_, build) => {
  const network = build();
  const state = cpuLayout(network);
  const batch = 4;
  const lower = (kind: 'step' | 'training' | 'optimizer' | 'eval', images = batch): Graph =>
    lowerCpu(buildGraph(network, kind, { optimizer: { kind: 'adam' } }), {
      blockSize: blockSize ?? 16,
      batch: images,
      layout: state,
    }).graph;
  const inputs = laid(state, feedsOf(network, batch));
  const { parameters } = stateLayout(network);

  it('has its weights in blocks in every graph, of any batch size', () => {
    const names = Object.keys(
      state.tensors('params', state.toTarget('params', new Float32Array(parameters.size))),
    );
    expect(names.length).toBeGreaterThan(1);
    expect(state.placed('params')?.segments.filter(({ kind }) => typeof kind === 'object')).not.toEqual([]);
    const signature = ({ inputs: given }: Graph): readonly string[] =>
      given
        .filter(({ name }) => name.startsWith('params'))
        .map(({ name, shape }) => `${name} ${shape.join()}`);
    const all = (['step', 'training', 'optimizer', 'eval'] as const).flatMap((kind) =>
      [1, 3, 32]
        .filter((images) => images > 1 || kind === 'eval')
        .map((images) => signature(lower(kind, images))),
    );
    expect(new Set(all.map(String)).size).toBe(1);
    expect(all[0]?.map((each) => each.split(' ')[0])).toEqual(names);
  });

  it('what the gradient gives is what the optimizer takes, and both are the step', async () => {
    const { loss, ...results } = await run(lower('training'), inputs);
    const step = await run(lower('step'), inputs);
    const update = await run(lower('optimizer'), { ...inputs, ...results });
    expect(loss).toEqual(step['loss']);
    const pieces = Object.keys(step).filter((name) => /^(params|first_moment|second_moment)_next/.test(name));
    expect(pieces.length).toBeGreaterThan(3);
    expect(Object.keys(update).sort()).toEqual(pieces.sort());
    // The same operators on the same numbers.
    for (const name of pieces) expect(difference(update[name], step[name]), name).toBeLessThan(1e-6);
    const trained = Object.entries({ ...step, ...results }).filter(([name]) => /_next(\.\d+)?$/.test(name));
    const next = Object.fromEntries(trained.map(([name, data]) => [name.replace('_next', ''), data]));
    const { logits } = await run(lower('eval'), { ...inputs, ...next });
    const vectors = Object.fromEntries(
      (['params', 'buffers'] as const).flatMap((name) => {
        const whole = Object.keys(next).filter((piece) => piece.split('.')[0] === name);
        const flat = Float32Array.from(whole.flatMap((piece) => [...(next[piece] ?? [])]));
        return whole.length === 0 ? [] : [[name, state.fromTarget(name, flat)]];
      }),
    );
    const evaluated = bindDims(buildGraph(network, 'eval', { optimizer: { kind: 'adam' } }), { N: batch });
    const portable = await run(lowerPortable(evaluated), { ...feedsOf(network, batch), ...vectors });
    // Sums in another order.
    expect(difference(logits, portable['logits'])).toBeLessThan(2e-5);
  });
});

describe.skipIf(blockSize === undefined)('the norm of a gradient beside its step', () => {
  it('costs no tensor its layout', async () => {
    const network = presetNetwork('mnist-cnn-small');
    const state = cpuLayout(network);
    const training = buildGraph(network, 'training', { optimizer: { kind: 'adam' } });
    const graph = withResults(training, (b, resultOf) => ({
      square: b.reduceSum(b.mul(resultOf('grad'), resultOf('grad')), [0]),
    }));
    const lowering = lowerCpu(graph, { blockSize: blockSize ?? 16, batch: 4, layout: state });
    const given = feedsOf(network, 4);
    const { portable, lowered } = await bothForms(graph, lowering, 4, given, { layout: state });
    for (const name of ['square', 'grad'])
      expect(difference(lowered[name], portable[name])).toBeLessThan(1e-5);
    const kinds = state.placed('grad')?.segments.map(({ kind }) => typeof kind);
    expect(kinds).toContain('object');
    const without = lowerCpu(training, { blockSize: blockSize ?? 16, batch: 4, layout: state });
    const count = ({ graph: { nodes } }: typeof lowering, op: string): number =>
      nodes.filter((node) => node.op.name === op).length;
    for (const op of ['Transpose', 'Slice', 'ReorderInput', 'ReorderOutput'])
      expect(count(lowering, op), op).toBe(count(without, op));
  });
});
