import { lowerPortable } from '../../src/lower/index.js';
import { expect, test } from 'vitest';
import { OptionError } from '../../src/errors.js';
import {
  add,
  batchNorm,
  chain,
  conv,
  defineNetwork,
  globalAveragePool,
  identity,
  linear,
  named,
  relu,
  type Net,
} from '../../src/net/index.js';
import { buildGraph } from '../../src/program/index.js';
/** The pre-activation block of He et al. 2016, https://arxiv.org/abs/1603.05027: nothing follows the addition. */
const preActivation = (width: number, stride: number): Net =>
  chain(
    ...[batchNorm(), relu()],
    add(
      chain(
        ...[conv(width, 3, { stride, padding: 1, bias: false }), batchNorm(), relu()],
        conv(width, 3, { padding: 1, bias: false }),
      ),
      stride === 1 ? identity() : conv(width, 1, { stride, bias: false, name: 'shortcut' }),
    ),
  );

const network = defineNetwork({
  name: 'pre-activation',
  input: [1, 28, 28],
  classes: 10,
  net: chain(
    conv(16, 3, { padding: 1 }),
    named('block1', preActivation(16, 1)),
    named('block2', preActivation(32, 2)),
    ...[globalAveragePool(), linear(10, { name: 'fc' })],
  ),
});

test("a user's own block becomes a network with readable names", () => {
  expect(network.state.filter(({ name }) => name.startsWith('block2')).map(({ name }) => name)).toEqual([
    ...['weight', 'bias', 'running_mean', 'running_var'].map((name) => `block2.bn1.${name}`),
    'block2.conv1.weight',
    ...['weight', 'bias', 'running_mean', 'running_var'].map((name) => `block2.bn2.${name}`),
    ...['block2.conv2.weight', 'block2.shortcut.weight'],
  ]);
});

test('and trains', () => {
  const graph = lowerPortable(buildGraph(network, 'step', { optimizer: { kind: 'adam' } }));
  expect(graph.nodes.some(({ op }) => op.composite)).toBe(false);
});

test('paths that do not meet are named', () => {
  const net = chain(add(conv(8, 3), identity()), globalAveragePool(), linear(10));
  expect(() => defineNetwork({ name: 'odd', input: [8, 9, 9], classes: 10, net })).toThrow(
    /paths end in float32\[N,8,7,7\] and float32\[N,8,9,9\]/,
  );
  expect(() => defineNetwork({ name: 'odd', input: [8, 0, 9], classes: 10, net })).toThrow(OptionError);
});
