import { expect, test } from 'vitest';
import {
  chain,
  defineNetwork,
  globalAveragePool,
  linear,
  paddedShortcut,
  type Net,
} from '../../src/net/index.js';
import { runOrt } from '../helpers/ort.js';
import { element, generate } from '../reference/array.js';
import { expectClose } from '../reference/close.js';
import { feedsFor, graphOf } from './helpers.js';

const networkOf = (net: Net, input: readonly [number, number, number]): ReturnType<typeof defineNetwork> =>
  defineNetwork({ name: 'short', input, classes: 3, net: chain(net, globalAveragePool(), linear(3)) });

test.each([
  [5, 6],
  [4, 4],
  [1, 1],
] as const)('option A takes every second pixel of %ix%i and adds channels of zeros', async (h, w) => {
  const graph = graphOf(networkOf(paddedShortcut(5, 2), [2, h, w]), false);
  const shortcut = graph.nodes.find(({ layer }) => layer === 'shortcut1')?.op.name;
  expect(shortcut).toBe('Slice');
  const value = graph.nodes.findLast(({ layer }) => layer === 'shortcut1')?.outputs[0];
  if (value === undefined) throw new TypeError('no shortcut');
  const inner = { ...graph, outputs: [{ name: 'shortcut', value }] };
  const feeds = feedsFor(graph, 2);
  const { shortcut: actual } = await runOrt(inner, feeds);
  const x = feeds['input'];
  if (x === undefined || actual === undefined) throw new TypeError('nothing came');
  const expected = generate([2, 5, Math.ceil(h / 2), Math.ceil(w / 2)], ([n = 0, c = 0, y = 0, z = 0]) =>
    c < 2 ? element(x, [n, c, 2 * y, 2 * z]) : 0,
  );
  expectClose('option A', actual, expected, { relative: 0, ofLargest: 0 });
});

test('says what is wrong', () => {
  expect(() => networkOf(paddedShortcut(2, 2), [3, 4, 4])).toThrow(
    'paddedShortcut: expected at most 2 channels, got float32[N,3,4,4]',
  );
  expect(() => paddedShortcut(2, 0)).toThrow(
    'paddedShortcut: stride: expected a whole number of at least 1, got 0',
  );
});
