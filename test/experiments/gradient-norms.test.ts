import { gradientNorms } from '../../src/experiments/index.js';
import { buildGraph, stateLayout } from '../../src/program/index.js';
import { freshState, stateFrom } from '../../src/weights/index.js';
import { describe, expect, test } from 'vitest';
import { cifarResnet, resnet } from '../../src/models/index.js';
import { chain, defineNetwork, dropout, flatten as flattenLayer, linear } from '../../src/net/index.js';
import { prepareBatch } from '../../src/data/index.js';
import { fill } from '../helpers/golden.js';
import { product, traceOf, traceWeights } from '../models/torchvision.js';
import { ndarray, type NdArray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';
import { createSession, tinyData, tinyNetwork } from '../train/tiny.js';

const sgd = { kind: 'sgd' } as const;

test("ResNet-18's are torchvision's", async () => {
  const trace = traceOf('resnet18');
  const network = resnet(18, { classes: 10, imageSize: 64 });
  const weights = traceWeights(network, trace);
  const { fill_seed: seed, shape } = trace.input;
  const norms = await gradientNorms(
    network,
    stateFrom(network, sgd, weights),
    {
      images: Float32Array.from(fill(seed, product(shape))),
      labels: Int32Array.from(trace.target),
      size: trace.target.length,
    },
    { createSession },
  );
  expect(norms.map(({ name }) => name)).toEqual(Object.keys(trace.grad_norms_step1));
  // Measured: 9e-7 relative, see resnet-parity.test.ts.
  const off = norms.map(({ name, norm }) => Math.abs(norm / (trace.grad_norms_step1[name] ?? NaN) - 1));
  expect(Math.max(...off)).toBeLessThan(1e-4);
});

/** Gradient norms from the training graph in float64, one node after the other. */
function reference(
  network: ReturnType<typeof tinyNetwork>,
  feeds: Readonly<Record<string, NdArray>>,
): Map<string, number> {
  const { grad } = evaluate(buildGraph(network, 'training', { optimizer: sgd }), feeds);
  const values = Array.from(grad?.data ?? []);
  return new Map(
    stateLayout(network).parameters.slots.map(({ name, offset, size }) => [
      name,
      Math.hypot(...values.slice(offset, offset + size)),
    ]),
  );
}

describe.each([
  ['the tiny network', tinyNetwork({ norm: true })],
  ['a plain network without batch norm', bare(8)],
])('of %s', (_, network) => {
  test('they are those of the training graph in float64', async () => {
    const state = freshState(network, sgd, 3);
    const { params, buffers, frozen } = state;
    const [channels, height, width] = network.input;
    const { images, labels } = await prepareBatch(tinyData().train, [0, 1, 2, 3]);
    const expected = reference(network, {
      params: ndarray([params.length], params),
      ...(buffers.length > 0 && { buffers: ndarray([buffers.length], buffers) }),
      input: ndarray([4, channels, height, width], images),
      target: ndarray([4], labels),
    });
    const norms = await gradientNorms(
      network,
      { params, buffers, frozen },
      { images, labels, size: 4 },
      { createSession },
    );
    expect(norms.map(({ name }) => name)).toEqual([...expected.keys()]);
    for (const { name, norm, shape } of norms) {
      // float32 sums of some hundred products through ten layers, each good to 1e-6 of its largest term.
      expect(Math.abs(norm - (expected.get(name) ?? NaN)), name).toBeLessThan(
        1e-4 * (expected.get(name) ?? 0),
      );
      expect(norm, name).toBeGreaterThan(0);
      expect(shape.length).toBeGreaterThan(0);
    }
  });
});

function bare(depth: number): ReturnType<typeof cifarResnet> {
  return cifarResnet(depth, { channels: 1, imageSize: 8, classes: 3, shortcut: 'none', norm: 'none' });
}

test('dropout sees the number of the step', async () => {
  const net = chain(flattenLayer(), dropout(0.5), linear(3));
  const network = defineNetwork({ name: 'drop', input: [1, 8, 8], classes: 3, net });
  const state = freshState(network, sgd, 0);
  const batch = await prepareBatch(tinyData().train, [0, 1]);
  const at = (step?: number): Promise<number | undefined> =>
    gradientNorms(network, state, batch, {
      createSession,
      ...(step !== undefined && { step }),
    }).then(([first]) => first?.norm);
  expect(await at()).toBe(await at(1));
  expect(await at(2)).not.toBe(await at(1));
});

test('says what is wrong', async () => {
  const network = tinyNetwork();
  const state = freshState(network, sgd, 0);
  const batch = await prepareBatch(tinyData().train, [0, 1]);
  await expect(gradientNorms(network, state, { ...batch, size: 3 }, { createSession })).rejects.toThrow(
    'batch: expected 3 images 1x8x8 and 3 labels, got 128 pixels and 2 labels',
  );
  await expect(
    gradientNorms(network, { ...state, params: state.params.slice(1) }, batch, { createSession }),
  ).rejects.toThrow(/state of tiny: 'params': expected \d+ elements/);
});
