import { describe, expect, test } from 'vitest';
import { buildGraph, fallbackLine, fallbacksIn, wholeNetwork } from '../../src/program/index.js';
import { prune } from '../../src/ir/index.js';
import { lowerCpu } from '../../src/lower/cpu/index.js';
import { presetNetwork } from '../../src/models/index.js';
import { nodeFlops } from '../../src/ops/index.js';
const network = presetNetwork('resnet20-cifar', { imageSize: 8 });
// The gradient of the images is dead, and counts nowhere.
const graph = prune(buildGraph(network, 'training', { optimizer: { kind: 'adam' }, batch: 4 }));

/** The report where the nodes of a layer whose operators begin so are told to stay portable. */
function fallbacksWhere(layer: string, ops: string) {
  const nodes = graph.nodes.filter((node) => node.layer === layer && node.op.name.startsWith(ops));
  const choices = Object.fromEntries(nodes.map(({ name }) => [name, 'portable']));
  const { report } = lowerCpu(graph, { blockSize: 8, batch: 4, choices });
  const all = graph.nodes.reduce((sum, node) => sum + nodeFlops(node, 4), 0);
  const share = nodes.reduce((sum, node) => sum + nodeFlops(node, 4), 0) / all;
  return { fallbacks: fallbacksIn(report), share };
}

describe('fallbacksIn', () => {
  test('finds none where all layers have a form', () => {
    expect(fallbacksIn(lowerCpu(graph, { blockSize: 8, batch: 4 }).report)).toEqual([]);
  });

  test('names the layer of a convolution, with its gradients, and their share of the multiply-adds', () => {
    const { fallbacks, share } = fallbacksWhere('layer2.1.conv1', 'Conv');
    expect(share).toBeGreaterThan(0.01);
    // The batch normalisation of what it gives runs in blocks all the same.
    expect(fallbacks.map(({ what, layers }) => `${what} ${layers.join()}`)).toEqual([
      'convolution layer2.1.conv1',
    ]);
    expect(fallbacks[0]).toMatchObject({
      ...{ what: 'convolution', layers: ['layer2.1.conv1'], of: 'multiply-adds' },
      // The same products and quotients, summed in another order.
      share: expect.closeTo(share, 12) as number,
    });
  });

  test('weighs what has no multiply-adds by the numbers that it moves', () => {
    const { fallbacks } = fallbacksWhere('layer2.1.bn1', 'BatchNormTrain');
    expect(fallbacks).toHaveLength(1);
    const [found] = fallbacks;
    expect(found).toMatchObject({
      what: 'batch normalisation',
      layers: ['layer2.1.bn1'],
      of: 'numbers read and written',
    });
    expect(found?.share).toBeGreaterThan(0);
    expect(found?.share).toBeLessThan(0.1);
  });

  test('finds an operator of no special kind that has a blocked image converted', () => {
    const relus = graph.nodes.filter(({ op }) => op.name === 'Relu').slice(0, 1);
    const choices = Object.fromEntries(relus.map(({ name }) => [name, 'portable']));
    const { report } = lowerCpu(graph, { blockSize: 8, batch: 4, choices });
    expect(fallbacksIn(report)).toMatchObject([
      { what: 'Relu', layers: [relus[0]?.layer || relus[0]?.name] },
    ]);
  });
});

describe('fallbackLine', () => {
  const one = {
    what: 'grouped convolution',
    layers: ['layer2.conv1'],
    share: 0.341,
    of: 'multiply-adds',
  } as const;

  test.each([
    [one, "layer2.conv1: grouped convolution in its portable form, about 34 % of the step's multiply-adds"],
    [
      { ...one, share: 0.004 },
      "layer2.conv1: grouped convolution in its portable form, under 1 % of the step's multiply-adds",
    ],
    [
      { ...one, layers: ['a', 'b', 'c', 'd'] },
      "a, b and 2 more layers: grouped convolution in its portable form, about 34 % of the step's multiply-adds",
    ],
    [
      wholeNetwork,
      "the whole network: all operators in their portable form, all of the step's multiply-adds",
    ],
  ])('%#', (fallback, line) => {
    expect(fallbackLine(fallback)).toBe(line);
  });
});
