import { gradientNorms } from '../../src/experiments/index.js';
import { lowerPortable } from '../../src/lower/index.js';
import {
  buildGraph,
  buildInferenceGraph,
  graphKinds,
  layoutFor,
  cpuTarget,
  wasmTarget,
  webgpuTarget,
  type Target,
} from '../../src/program/index.js';
import { createTrainingArtifacts } from '../../src/artifacts/index.js';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  decodeSafetensors,
  freshState,
} from '../../src/weights/index.js';
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { prepareBatch } from '../../src/data/index.js';
import { OptionError } from '../../src/errors.js';
import { exportModel } from '../../src/export/index.js';
import { tensorOf, type Graph } from '../../src/ir/index.js';
import {
  add,
  batchNorm,
  chain,
  conv,
  defineNetwork,
  dropout,
  globalAveragePool,
  identity,
  linear,
  maxPool,
  named,
  relu,
  type Initializer,
  type Net,
  type Network,
} from '../../src/net/index.js';
import { decodeModel, encodeModel } from '../../src/onnx/index.js';
import { Builder, ops } from '../../src/ops/index.js';
import { createSession, tinyData, tinyTrainer } from '../train/tiny.js';

const adam = { kind: 'adam' } as const;
const momentum = { kind: 'sgd', momentum: 0.9 } as const;
const targets: readonly Target[] = [cpuTarget(16), wasmTarget, webgpuTarget];
const zeros: Initializer = { name: 'zeros', fill: (data) => void data.fill(0) };

/** A layer of a user's own, outside any layer: a parameter, a constant and operators under names of his choice. */
function custom([parameter, tensor, sum, product]: readonly [string, string, string, string]): Net {
  return {
    kind: 'custom',
    label: 'custom',
    children: [],
    build: (c, x) => {
      const shift = c.parameter(parameter, [1], zeros);
      const factor = c.b.constant(tensorOf('float32', [1], [0.75]), tensor);
      return c.b.mul(c.b.add(x, shift, sum), factor, product);
    },
  };
}

/** DenseNet's concatenation of an image with what a convolution makes of it: both users of x stand outside any layer. */
function dense(growth: number): Net {
  const body = chain(conv(growth, 3, { padding: 1 }), relu());
  return {
    kind: 'dense',
    label: 'dense',
    children: [body],
    build: (c, x) => c.b.emit(ops.Concat, [x, body.build(c, x)], { axis: 1 }),
  };
}

/** A network of 8x8 images in which each of eleven names is a layer's, a parameter's or a value's. */
function networkOf(names: readonly string[], withDropout = false): Network {
  const [n0 = '', n1 = '', n2 = '', n3 = '', n4 = '', n5 = '', n6 = '', n7 = '', n8 = '', n9 = '', n10 = ''] =
    names;
  const block = add(chain(conv(16, 3, { padding: 1, name: n5 }), batchNorm({ name: n6 })), identity());
  const net = chain(
    conv(16, 3, { padding: 1, name: n0 }),
    batchNorm({ name: n1 }),
    named(n2, relu()),
    custom([n3, n4, n5, n6]),
    ...[named(n7, maxPool(2)), named(n8, block), dense(16), dense(16)],
    ...[globalAveragePool(), ...(withDropout ? [dropout(0.5, { name: n9 })] : [])],
    linear(3, { name: n10 }),
  );
  return defineNetwork({ name: 'names', input: [1, 8, 8], classes: 3, net });
}

/** Names that the house does not give. */
const plainNames = Array.from({ length: 11 }, (_, i) => `own${i}`);

/** All graphs that the house makes of a network, portable and lowered. */
function graphsOf(network: Network): readonly Graph[] {
  const weights = new Map(
    network.state.map(({ name, shape }) => [
      name,
      new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
    ]),
  );
  return [adam, momentum].flatMap((optimizer) =>
    graphKinds.flatMap((kind): readonly Graph[] => {
      if (kind === 'inference') return [lowerPortable(buildInferenceGraph(network, weights))];
      const graph = buildGraph(network, kind, { optimizer });
      return [
        graph,
        lowerPortable(graph),
        ...targets.map((target) => {
          const layout = layoutFor(target, network, { optimizer });
          return target.lower(graph, { batch: 4, layout }).graph;
        }),
      ];
    }),
  );
}

/** Every name in a graph. */
function namesIn({ inputs, constants, nodes, outputs }: Graph): string[] {
  const values = [
    ...inputs,
    ...constants.map(({ value }) => value),
    ...nodes.flatMap((node) => node.outputs),
  ];
  return [...values, ...outputs, ...nodes].map(({ name }) => name);
}

const house = [
  ...new Set([
    ...graphsOf(networkOf(plainNames, true)).flatMap(namesIn),
    // What ONNX Runtime's binding, safetensors, JavaScript and the trainer's feeds call theirs.
    ...['ort_train.unreturned', 'optimizer', 'seed', '__proto__', 'constructor', 'end.3', 'state', 'labels'],
    ...['starts/0', 'optimizer.weight', 'conv1', 'conv2', 'relu1', 'params.0', 'params_next.0', 'buffers.1'],
  ]),
];

/** Names that no tensor may have, by whose they are. */
const taken = [
  ...['input', 'logits', 'probabilities', '__metadata__'],
  ...['optimizer.momentum', 'optimizer.first_moment', 'optimizer.second_moment'],
];

describe('names that the house gives itself', () => {
  test('are many', () => {
    expect(house.length).toBeGreaterThan(300);
    for (const name of ['grad', 'loss', 'params', 'params_next', 'lr', 'step', 'c_1', 'params.0']) {
      expect(house).toContain(name);
    }
  });

  const drawn = fc.uniqueArray(fc.constantFrom(...house), {
    minLength: plainNames.length,
    maxLength: plainNames.length,
  });

  test('may be those of layers, parameters and values, in every graph and form', () => {
    const numRuns = 12;
    let tried = 0;
    fc.assert(
      fc.property(drawn, fc.boolean(), (names, withDropout) => {
        const network = definedOrRefused(names, withDropout);
        if (network === undefined) return;
        tried++;
        // Each graph was verified; the encoder names outputs and shapes once more.
        for (const graph of graphsOf(network).filter((each) => each.nodes.every(({ op }) => !op.composite))) {
          const bytes = encodeModel(graph);
          expect(bytes.length).toBeGreaterThan(0);
        }
      }),
      { seed: 15, numRuns },
    );
    expect(tried).toBeGreaterThan(numRuns / 2);
  }, 120_000);

  test('change no number, and no model that is refused', async () => {
    const expected = await gradientsOf(networkOf(plainNames));
    await fc.assert(
      fc.asyncProperty(drawn, async (names) => {
        const network = definedOrRefused(names, false);
        if (network === undefined) return;
        expect(await gradientsOf(network)).toEqual(expected);
        const artifacts = createTrainingArtifacts(network);
        for (const model of [artifacts.training, artifacts.eval, artifacts.optimizer, artifacts.inference]) {
          const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
          await session.release();
        }
        expect([...decodeSafetensors(artifacts.checkpoint, 'checkpoint').tensors.keys()].sort()).toEqual(
          network.state.map(({ name }) => name).sort(),
        );
        const state = freshState(network, adam, 3);
        const saved = encodeCheckpoint(network, adam, {
          state,
          progress: { step: 1, epoch: 0, extra: null },
        });
        expect(decodeCheckpoint(network, adam, saved, 'checkpoint').state).toEqual(state);
        const weights = { name: 'checkpoint', bytes: saved };
        expect(exportModel({ name: 'model', bytes: artifacts.inference }, weights).length).toBeGreaterThan(0);
      }),
      { seed: 15, numRuns: 12 },
    );
  }, 120_000);
});

/** The network, or undefined where a tensor has a name of the interface and is refused for it. */
function definedOrRefused(names: readonly string[], withDropout: boolean): Network | undefined {
  try {
    return networkOf(names, withDropout);
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    expect(String(error)).toMatch(/is a name of (the inference model|checkpoints)|two tensors are called/);
    return undefined;
  }
}

async function gradientsOf(network: Network): Promise<readonly number[]> {
  const state = freshState(network, adam, 3);
  const batch = await prepareBatch(tinyData().train, [0, 1, 2, 3]);
  const norms = await gradientNorms(network, state, batch, { createSession });
  return norms.map(({ norm }) => norm);
}

const denseNetwork = defineNetwork({
  name: 'dense',
  input: [1, 8, 8],
  classes: 3,
  net: chain(conv(16, 3, { padding: 1 }), relu(), dense(16), dense(16), globalAveragePool(), linear(3)),
});

test('two concatenations whose images have several users each give gradients and artifacts', async () => {
  const norms = await gradientsOf(denseNetwork);
  expect(norms).toHaveLength(8);
  expect(Math.min(...norms)).toBeGreaterThan(0);
  const { training, manifest } = createTrainingArtifacts(denseNetwork);
  expect(manifest.models.training.outputs.map(({ name }) => name)).toEqual(['loss', 'correct', 'grad']);
  const session = await ort.InferenceSession.create(training, { intraOpNumThreads: 1 });
  expect(session.outputNames).toEqual(['loss', 'correct', 'grad']);
  await session.release();
});

test.each([
  [
    'layers',
    ['grad', 'loss', 'params', 'params_next', 'c_1', 'const', 'step', 'lr', 'labels', 'target', 'params.0'],
  ],
  [
    'parts',
    ['conv1', 'input', 'a.b', 'grad', 'params.0', 'grad_2', 'loss', 'buffers', 'logits', 'seed', 'correct'],
  ],
])('a trainer takes such names for %s, in the form that it takes for others', async (_, names) => {
  const plain = await tinyTrainer(networkOf(plainNames), { seed: 3 });
  const trainer = await tinyTrainer(networkOf(names), { seed: 3 });
  expect(trainer.lowering.reason).toBe(plain.lowering.reason);
  const batch = await prepareBatch(tinyData().train, [0, 1, 2, 3, 4, 5]);
  for (let step = 0; step < 3; step++) {
    expect(await trainer.step(batch, 0.01)).toEqual(await plain.step(batch, 0.01));
  }
  expect(trainer.state.params).toEqual(plain.state.params);
});

test.each(taken)("a tensor cannot be called '%s', which says so when the network is defined", (name) => {
  expect(() => networkOf([...plainNames.slice(0, 3), name, ...plainNames.slice(4)])).toThrow(
    new RegExp(`network names: a tensor's name, '${name.replaceAll('.', '\\.')}', is a name of`),
  );
});

test('nor by no name or half a character', () => {
  expect(() => networkOf([...plainNames.slice(0, 3), '', ...plainNames.slice(4)])).toThrow(/is empty/);
  expect(() => networkOf(['\ud800', ...plainNames.slice(1)])).toThrow(/half a surrogate pair/);
});

test('numbers of unnamed layers step aside for names that were given before', () => {
  const net = chain(
    conv(4, 3, { name: 'conv1' }),
    ...[conv(4, 3), conv(4, 3, { name: 'conv3' }), conv(4, 1), globalAveragePool(), linear(3)],
  );
  const { state } = defineNetwork({ name: 'numbers', input: [1, 8, 8], classes: 3, net });
  expect(state.filter(({ name }) => name.endsWith('.weight')).map(({ name }) => name)).toEqual([
    ...['conv1.weight', 'conv2.weight', 'conv3.weight', 'conv4.weight', 'fc1.weight'],
  ]);
});

test("a value may be called as the adapter's own output, and a node as a copy of an input", async () => {
  const b = new Builder();
  const x = b.input('x', 'float32', [2]);
  const y = b.neg(b.relu(b.neg(x, 'ort_train.unreturned'), 'copy'), 'y');
  const model = encodeModel(
    b.finish('own', [
      { name: 'copy', value: x },
      { name: 'y', value: y },
    ]),
  );
  const names = decodeModel(model, 'own').graph.nodes.map(({ name }) => name);
  expect(new Set(names).size).toBe(4);
  const session = await createSession(model, { givenResults: true });
  const results = {
    copy: { dtype: 'float32', shape: [2], data: new Float32Array(2) },
    y: { dtype: 'float32', shape: [2], data: new Float32Array(2) },
  } as const;
  const feeds = { x: { dtype: 'float32', shape: [2], data: Float32Array.of(-1, 2) } } as const;
  await session.run(feeds, results);
  expect(Array.from(results.copy.data)).toEqual([-1, 2]);
  expect(Array.from(results.y.data)).toEqual([-1, -0]);
  await session.dispose();
});
