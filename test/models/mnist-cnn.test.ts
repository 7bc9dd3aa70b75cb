import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors.js';
import { cifarResnet, mnistCnn } from '../../src/models/index.js';
import { countParameters, type Net, type Network } from '../../src/net/index.js';

const tensors = ({ state }: Network): readonly (readonly [string, readonly number[]])[] =>
  state.map(({ name, shape }) => [name, shape]);

/** How many sums of paths a net has. */
function additions({ kind, children }: Net): number {
  return children.reduce((sum, child) => sum + additions(child), kind === 'add' ? 1 : 0);
}

describe("the tutorial's network", () => {
  test('has the parameters of the tutorial and three residual blocks', () => {
    expect(countParameters(mnistCnn()).trained).toBe(323_268);
    expect(additions(mnistCnn().net)).toBe(3);
    expect(mnistCnn().name).toBe('mnist-cnn');
  });

  test('plain: the same tensors, no sums', () => {
    const plain = mnistCnn({ shortcut: 'none' });
    expect(tensors(plain)).toEqual(tensors(mnistCnn()));
    expect(additions(plain.net)).toBe(0);
    expect(plain.name).toBe('mnist-cnn-plain');
  });

  test('with batch norm: a weight and a bias for each channel that a convolution gives', () => {
    const normed = mnistCnn({ norm: 'batch', widths: [4, 5, 6] });
    // The convolutions before the blocks, the first of each block with 30 channels, and the second.
    const channels = 4 + 5 + 6 + 3 * 30 + 4 + 5 + 6;
    const without = countParameters(mnistCnn({ widths: [4, 5, 6] })).trained;
    expect(countParameters(normed).trained).toBe(without + 2 * channels);
    expect(mnistCnn({ norm: 'batch', shortcut: 'none' }).name).toBe('mnist-cnn-plain-norm');
  });

  test('says what it does not have', () => {
    expect(() => mnistCnn({ shortcut: 'padded' as 'none' })).toThrow(OptionError);
    expect(() => mnistCnn({ shortcut: 'padded' as 'none' })).toThrow(
      'mnist-cnn: shortcut: expected identity or none, got "padded"',
    );
    expect(() => mnistCnn({ norm: 'layer' as 'none' })).toThrow(
      'mnist-cnn: norm: expected batch or none, got "layer"',
    );
  });
});

test('a ResNet for CIFAR with other widths has those channels', () => {
  const narrow = cifarResnet(8, { channels: 1, imageSize: 28, widths: [8, 16, 32] });
  const shapes = new Map(tensors(narrow));
  expect(shapes.get('conv1.weight')).toEqual([8, 1, 3, 3]);
  expect(shapes.get('layer2.0.conv1.weight')).toEqual([16, 8, 3, 3]);
  expect(shapes.get('layer3.0.conv2.weight')).toEqual([32, 32, 3, 3]);
  expect(shapes.get('fc.weight')).toEqual([10, 32]);
});
