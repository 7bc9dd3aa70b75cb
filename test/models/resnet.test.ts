import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors.js';
import {
  cifarDepths,
  cifarResnet,
  presetNames,
  presetNetwork,
  resnet,
  resNetDepths,
} from '../../src/models/index.js';
import { initialState, type Network } from '../../src/net/index.js';
import { counts, product, traceOf } from './torchvision.js';

const parameters = ({ state }: Network): Network['state'] => state.filter(({ kind }) => kind === 'parameter');

const count = (network: Network): number =>
  parameters(network).reduce((sum, { shape }) => sum + product(shape), 0);

describe('ResNets for ImageNet', () => {
  test.each(resNetDepths)("ResNet-%i has torchvision's parameters", (depth) => {
    const network = resnet(depth);
    expect(count(network)).toBe(counts[network.name]?.parameters_1000_classes);
    expect(parameters(network)).toHaveLength(counts[network.name]?.tensors ?? 0);
  });

  test.each([18, 50] as const)("ResNet-%i has torchvision's names, shapes and order", (depth) => {
    const trace = traceOf(`resnet${depth}`);
    const network = resnet(depth, { classes: 10 });
    const names = trace.state_dict_order.filter((name) => !name.endsWith('num_batches_tracked'));
    expect(network.state.map(({ name }) => name)).toEqual(names);
    expect(Object.fromEntries(parameters(network).map(({ name, shape }) => [name, shape]))).toEqual(
      trace.parameters,
    );
  });

  test('a plain network has the same layers without projections', () => {
    const names = (network: Network): string[] => network.state.map(({ name }) => name);
    const residual = names(resnet(50)).filter((name) => !name.includes('downsample'));
    expect(names(resnet(50, { shortcut: 'none' }))).toEqual(residual);
    expect(resnet(50, { shortcut: 'none' }).name).toBe('plain50');
  });

  test('convolutions start as He et al. say, the rest as in torchvision', () => {
    const network = resnet(18, { classes: 10, zeroInitResidual: true });
    const weights = initialState(network, 3);
    const values = (name: string): Float32Array => weights.get(name) ?? new Float32Array();
    const w = values('layer4.1.conv2.weight');
    const mean = w.reduce((sum, v) => sum + v, 0) / w.length;
    const std = Math.sqrt(w.reduce((sum, v) => sum + (v - mean) ** 2, 0) / w.length);
    // 2.4 million draws: the deviation of their standard deviation is 1 / sqrt(2 n) = 0.05 %, of their mean 0.0007 std.
    expect(std / Math.sqrt(2 / (512 * 9))).toBeCloseTo(1, 2);
    expect(Math.abs(mean) / std).toBeLessThan(0.005);
    expect(new Set(values('layer4.1.bn1.weight'))).toEqual(new Set([1]));
    expect(new Set(values('layer4.1.bn2.weight'))).toEqual(new Set([0]));
    expect(new Set(values('bn1.running_var'))).toEqual(new Set([1]));
    expect(Math.max(...values('fc.weight'))).toBeLessThan(1 / Math.sqrt(512));
  });

  test.each([17, 28, 65, [224, 160] as const])('images of %s pixels are large enough', (imageSize) => {
    expect(resnet(18, { imageSize, channels: 1 }).classes).toBe(1000);
  });

  test('says what is wrong', () => {
    expect(() => resnet(18, { imageSize: 16 })).toThrow(
      'resnet18: imageSize: expected a whole number of at least 17 (it is halved 5 times), got 16',
    );
    expect(() => resnet(18, { imageSize: [64, 8] })).toThrow(OptionError);
    expect(() => resnet(19 as 18)).toThrow('resnet: depth: expected one of 18, 34, 50, 101, 152, got 19');
    expect(() => resnet(18, { shortcut: 'none', zeroInitResidual: true })).toThrow(/expected a network with/);
  });
});

describe('ResNets for CIFAR', () => {
  // He et al., table 6: 0.27, 0.46, 0.66, 0.85 and 1.7 million parameters.
  test.each([
    [20, 269_722],
    [32, 464_154],
    [44, 658_586],
    [56, 853_018],
    [110, 1_727_962],
  ])("ResNet-%i has the paper's number of parameters, plain or residual", (depth, expected) => {
    expect(count(cifarResnet(depth))).toBe(expected);
    expect(count(cifarResnet(depth, { shortcut: 'none' }))).toBe(expected);
  });

  test('the projection shortcut adds two 1x1 convolutions with batch norm', () => {
    const extra = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64;
    expect(count(cifarResnet(20, { shortcut: 'projection' }))).toBe(269_722 + extra);
  });

  test('says what is wrong', () => {
    expect(() => cifarResnet(21)).toThrow(
      'cifarResnet: depth: expected 6n + 2 (20, 32, 44, 56, 110), got 21',
    );
    expect(() => cifarResnet(20, { imageSize: 2 })).toThrow(/resnet20-cifar: imageSize: .* at least 3/);
    expect(cifarResnet(20, { imageSize: 3 }).input).toEqual([3, 3, 3]);
  });
});

describe('without batch norm', () => {
  const shapes = ({ state }: Network): [string, readonly number[]][] =>
    state.filter(({ kind }) => kind === 'parameter').map(({ name, shape }) => [name, shape]);

  test.each(['padded', 'projection', 'none'] as const)(
    'each convolution has a bias where it had a batch norm (shortcut %s)',
    (shortcut) => {
      const bare = cifarResnet(20, { shortcut, norm: 'none' });
      const normed = cifarResnet(20, { shortcut });
      expect(bare.name).toBe(`${shortcut === 'none' ? 'plain' : 'resnet'}20-cifar-nonorm`);
      expect(bare.state.every(({ kind }) => kind === 'parameter')).toBe(true);
      const weights = (network: Network): [string, readonly number[]][] =>
        shapes(network).filter(([, shape]) => shape.length > 1);
      expect(weights(bare)).toEqual(weights(normed));
      const biases = weights(bare).map(([name, [outputs]]) => [name.replace('weight', 'bias'), [outputs]]);
      expect(shapes(bare).filter(([, shape]) => shape.length === 1)).toEqual(biases);
    },
  );

  test('the ResNets for ImageNet likewise', () => {
    const bare = resnet(50, { norm: 'none', classes: 10 });
    expect(bare.name).toBe('resnet50-nonorm');
    const names = bare.state.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('layer2.0'))).toEqual(
      ['conv1', 'conv2', 'conv3', 'downsample.0'].flatMap((layer) =>
        ['weight', 'bias'].map((part) => `layer2.0.${layer}.${part}`),
      ),
    );
    expect(names.some((name) => name.includes('bn'))).toBe(false);
  });

  test('weights start as with batch norm, biases at 0', () => {
    const weights = initialState(cifarResnet(20, { norm: 'none' }), 3);
    const w = weights.get('layer3.2.conv2.weight') ?? new Float32Array();
    const std = Math.sqrt(w.reduce((sum, v) => sum + v * v, 0) / w.length);
    // 36,864 draws: the deviation of their standard deviation is 1 / sqrt(2 n) = 0.4 %.
    expect(std / Math.sqrt(2 / (64 * 9))).toBeCloseTo(1, 1);
    expect(new Set(weights.get('layer3.2.conv2.bias'))).toEqual(new Set([0]));
  });

  test('says what is wrong', () => {
    expect(() => cifarResnet(20, { norm: 'none', zeroInitResidual: true })).toThrow(
      "resnet20-cifar-nonorm: zeroInitResidual: expected a network with batch norm, got norm 'none'",
    );
    expect(() => resnet(18, { norm: 'layer' as 'batch' })).toThrow(
      'resnet18: norm: expected batch or none, got "layer"',
    );
  });
});

describe('presets', () => {
  test('there is one of every network and its plain twin', () => {
    const names = [
      ...resNetDepths.flatMap((depth) => [`resnet${depth}`, `plain${depth}`]),
      ...cifarDepths.flatMap((depth) => [`resnet${depth}-cifar`, `plain${depth}-cifar`]),
    ];
    expect([...presetNames].sort()).toEqual([...names, 'mnist-cnn', 'mnist-cnn-small'].sort());
  });

  test.each(presetNames.filter((name) => !/101|152|110/.test(name)))(
    '%s takes classes, channels and image size',
    (name) => {
      const network = presetNetwork(name, { classes: 7, channels: 2, imageSize: 30 });
      expect(network).toMatchObject({ name, classes: 7, input: [2, 30, 30] });
    },
  );

  test('says what is wrong', () => {
    expect(() => presetNetwork('resnet19')).toThrow(/preset: expected one of mnist-cnn, .*, got 'resnet19'/);
    expect(() => presetNetwork('mnist-cnn', { imageSize: 20 })).toThrow(/mnist-cnn: imageSize: .*24/);
  });
});
