import { lowerPortable } from '../../src/lower/index.js';
import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../src/program/index.js';
import { OptionError } from '../../src/errors.js';
import { cifarResnet } from '../../src/models/index.js';
import { freeze, frozenNames, headNames, replaceHead, type Network } from '../../src/net/index.js';
import { evaluate } from '../reference/evaluate.js';
import { feedsFor, graphOf } from './helpers.js';

const network = cifarResnet(20, { channels: 1, imageSize: 4, classes: 5 });
const fineTuned = freeze(network, ['*'], { except: ['layer3', 'fc'] });

const trainable = ({ state }: Network): string[] =>
  state.filter(({ kind, frozen }) => kind === 'parameter' && !frozen).map(({ name }) => name);

describe('freeze', () => {
  test('takes names, leading parts and *', () => {
    expect([...frozenNames(freeze(network, ['conv1.weight', 'fc']))]).toEqual([
      'conv1.weight',
      ...['fc.weight', 'fc.bias'],
    ]);
    expect([...frozenNames(freeze(network, ['layer*.2.conv*']))]).toEqual(
      [1, 2, 3].flatMap((i) => [`layer${i}.2.conv1.weight`, `layer${i}.2.conv2.weight`]),
    );
    // A leading part ends at a dot: layer1 is not layer10, nor is conv1 in another layer meant.
    expect([...frozenNames(freeze(network, ['conv1']))]).toEqual(['conv1.weight']);
  });

  test('spares exceptions, and adds to what is frozen', () => {
    expect(trainable(fineTuned).every((name) => /^(layer3|fc)\./.test(name))).toBe(true);
    expect(trainable(freeze(fineTuned, ['layer3']))).toEqual(['fc.weight', 'fc.bias']);
    expect(network.state.some(({ frozen }) => frozen)).toBe(false);
  });

  test('freezes running statistics with weight and bias, not with one of them', () => {
    expect(frozenNames(freeze(network, ['bn1'])).has('bn1.running_var')).toBe(true);
    expect(frozenNames(freeze(network, ['bn1.weight', 'bn1.bias'])).has('bn1.running_var')).toBe(true);
    expect(frozenNames(freeze(network, ['bn1.weight'])).has('bn1.running_var')).toBe(false);
    const statistics = freeze(network, ['*.running_*']);
    expect(trainable(statistics)).toEqual(trainable(network));
    expect(graphOf(statistics, true).nodes.some(({ op }) => op.name === 'BatchNormTrain')).toBe(false);
  });

  test('emits no gradient nodes for what is frozen', () => {
    const count = (of: Network, name: string): number =>
      graphOf(of, true).nodes.filter(({ op }) => op.name === name).length;
    // 19 convolutions; 6 of them in layer3, the first of which needs no input gradient any more.
    expect(count(network, 'ConvWeightGrad')).toBe(19);
    expect(count(fineTuned, 'ConvWeightGrad')).toBe(6);
    expect(count(network, 'ConvInputGrad')).toBe(18);
    expect(count(fineTuned, 'ConvInputGrad')).toBe(5);
    expect(count(fineTuned, 'BatchNormTrain')).toBe(6);
    expect(count(fineTuned, 'BatchNormalization')).toBe(13);
    expect(count(fineTuned, 'BatchNormGrad')).toBe(6);
  });

  test('shrinks the step that the trainer runs', () => {
    const nodes = (of: Network): number =>
      lowerPortable(buildGraph(of, 'step', { optimizer: { kind: 'adam' } })).nodes.length;
    expect(nodes(fineTuned)).toBeLessThan(0.7 * nodes(network));
  });

  test('changes no gradient of what is left', () => {
    // Batch norm of the frozen stages works otherwise, so statistics are frozen on both sides.
    const still = freeze(network, ['*.running_*']);
    const [full, part] = [still, freeze(still, ['layer1', 'layer2'])].map((one) => {
      const graph = graphOf(one, true);
      return evaluate(graph, feedsFor(graph, 2));
    });
    const names = Object.keys(part ?? {}).filter((name) => name.startsWith('grad.'));
    expect(names).toContain('grad.conv1.weight');
    for (const name of names) expect(part?.[name], name).toEqual(full?.[name]);
  });

  test('says what is wrong', () => {
    expect(() => freeze(network, ['layer7'])).toThrow(
      "freeze resnet20-cifar: 'layer7': expected a pattern that fits a tensor, such as conv1.weight, bn1.weight",
    );
    expect(() => freeze(network, ['*'], { except: ['head'] })).toThrow(OptionError);
    expect(() => freeze(network, ['*'])).toThrow(/expected some parameter to train, all are frozen/);
  });
});

describe('replaceHead', () => {
  test('changes the last linear layer alone', () => {
    const replaced = replaceHead(network, 7);
    const differs = replaced.state.filter(
      (spec, i) => String(spec.shape) !== String(network.state[i]?.shape),
    );
    expect(differs.map(({ name, shape }) => [name, shape])).toEqual([
      ['fc.weight', [7, 64]],
      ['fc.bias', [7]],
    ]);
    expect(replaced).toMatchObject({ classes: 7, name: network.name, input: network.input });
    expect([...headNames(network)]).toEqual(['fc.weight', 'fc.bias']);
  });

  test('keeps what is frozen, except for the head', () => {
    const frozen = replaceHead(freeze(network, ['layer1', 'fc']), 5);
    expect(trainable(frozen)).toEqual(trainable(freeze(network, ['layer1'])));
  });

  test('needs a linear layer at the end', () => {
    const { withOutputs, ...net } = network.net;
    expect(withOutputs).toBeDefined();
    expect(() => replaceHead({ ...network, net }, 5)).toThrow(
      "replaceHead: expected resnet20-cifar to end in a linear layer, got 'chain'",
    );
  });
});
