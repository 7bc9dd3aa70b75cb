import { lowerPortable } from '../../src/lower/index.js';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/ir/index.js';
import { decodeModel, encodeModel } from '../../src/onnx/index.js';
import { ops } from '../../src/ops/index.js';
import { allCases } from '../gradient/cases/index.js';
import { buildCase } from '../gradient/check.js';
import { plain } from './graphs.js';

/** Operators, attributes and types; the encoder gives what is returned the name that it is returned under. */
const meaning = ({ nodes }: Graph): unknown =>
  nodes.map(({ op, attrs, outputs }) => [op.name, attrs, outputs.map(({ dtype, shape }) => [dtype, shape])]);

describe('decoding what was encoded', () => {
  test.each(allCases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    for (const batch of [2, undefined]) {
      const graph = lowerPortable(buildCase(one, batch).graph);
      const bytes = encodeModel(graph);
      const back = decodeModel(bytes, 'f', { ops }).graph;
      // Behind them the encoder copies what is returned twice.
      expect(meaning({ ...back, nodes: back.nodes.slice(0, graph.nodes.length) })).toEqual(meaning(graph));
      const again = encodeModel(back);
      expect(plain(decodeModel(again, 'f', { ops }).graph)).toEqual(plain(back));
    }
  });
});
