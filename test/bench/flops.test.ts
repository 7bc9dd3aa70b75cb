import { buildGraph } from '../../src/program/index.js';
import { expect, test } from 'vitest';
import { findCases } from '../../bench/steps/cases.js';
import { flopsOf } from '../../bench/steps/flops.js';
import { OptionError } from '../../src/errors.js';
import { chain, conv, defineNetwork, flatten, linear } from '../../src/net/index.js';
import { resnet } from '../../src/models/index.js';

test('counts a multiplication and an addition for each tap and each matrix entry', () => {
  const network = defineNetwork({
    name: 'two',
    input: [3, 8, 8],
    classes: 10,
    net: chain(conv(4, 3), conv(5, 3, { stride: 2 }), flatten(), linear(10)),
  });
  const optimizer = { kind: 'sgd' } as const;
  // 6x6 pixels of 4 channels from 3, 2x2 of 5 from 4, 20 -> 10.
  const [first, second, head] = [2 * 36 * 4 * 3 * 9, 2 * 4 * 5 * 4 * 9, 2 * 20 * 10];
  expect(flopsOf(buildGraph(network, 'eval', { optimizer }), 7)).toBe(7 * (first + second + head));
  // Backwards each counts twice, for its input and for its weight; the first layer's input is the image.
  const backward = first + 2 * second + 2 * head;
  expect(flopsOf(buildGraph(network, 'step', { optimizer }), 7)).toBe(7 * (first + second + head + backward));
});

test('ResNet-50 takes the 8.2 GFLOP an image that are known of it', () => {
  // 4.09 billion multiplications with additions, Kaiming He's 3.8 counted without stride on the 3x3 and without the head.
  const flops = flopsOf(buildGraph(resnet(50), 'eval', { optimizer: { kind: 'sgd' } }), 1);
  expect(flops / 2e9).toBeCloseTo(4.09, 2);
});

test('finds cases by name, and says what there is', () => {
  expect(findCases(['resnet18']).map(({ net }) => net)).toEqual(['resnet18-64', 'resnet18-224']);
  expect(findCases(['resnet110-cifar']).map(({ batch }) => batch)).toEqual([128]);
  expect(findCases(undefined)).toHaveLength(5);
  expect(() => findCases(['vgg'])).toThrow(OptionError);
  expect(() => findCases(['vgg'])).toThrow(/--net: expected some of mnist-cnn, .*, got 'vgg'/);
});
