import { lowerPortable } from '../../src/lower/index.js';
import { describe, expect, test } from 'vitest';
import { prune, type Graph, type Shape } from '../../src/ir/index.js';
import { Builder, ops } from '../../src/ops/index.js';
import { allCases, caseGroups } from '../gradient/cases/index.js';
import { buildCase, feedsOf, type Fill, type GradientCase } from '../gradient/check.js';
import { fill } from '../helpers/golden.js';
import { runOrt } from '../helpers/ort.js';
import { ndarray, product, type NdArray } from '../reference/array.js';
import { expectClose, type Tolerance } from '../reference/close.js';
import { evaluate } from '../reference/evaluate.js';
import { forwardCases, type ForwardCase } from './forward-cases.js';
import { bindShape } from '../helpers/bind-shape.js';

/**
 * ONNX Runtime computes in float32, the reference in float64, both from the same inputs. Functions are good to about 4
 * units in the last place and pass through a handful of operators, each of which may lose as much again where terms
 * cancel; second derivatives chain up to a dozen. Sums have at most a few hundred terms: about 20 x 2^-24 of the largest.
 */
const float32: Tolerance = { relative: 16 * 2 ** -24, ofLargest: 32 * 2 ** -24 };

/**
 * The lowered graph against the graph itself, both in float64: sums in another order (1e-13), and constants that an
 * expansion holds as float32, off by 2^-24 of themselves.
 */
const lowering: Tolerance = { relative: 2 ** -24, ofLargest: 2 ** -24 };

/** The float64 reference does not wrap, as the int32 arithmetic of this operator's expansion does on purpose. */
const wraps = (graph: Graph): boolean => graph.nodes.some(({ op }) => op.name === 'DropoutMask');

/** Length of N; another one than the number of any fixed axis would suffer. */
const batch = 3;

const isSymbolic = (shapes: readonly Shape[]): boolean =>
  shapes.some((shape) => shape.some((dim) => typeof dim === 'string'));

async function compare(
  graph: Graph,
  feeds: Readonly<Record<string, NdArray>>,
  cancellation = 1,
): Promise<void> {
  const allowed = { ...float32, ofLargest: float32.ofLargest * cancellation };
  const expected = evaluate(graph, feeds);
  const lowered = wraps(graph) ? expected : evaluate(lowerPortable(graph), feeds);
  const actual = await runOrt(graph, feeds);
  for (const [name, wanted] of Object.entries(expected)) {
    const [inReference, inOrt] = [lowered[name], actual[name]];
    if (inReference === undefined || inOrt === undefined) throw new TypeError(`no result ${name}`);
    expectClose(`${name}, lowered`, inReference, wanted, lowering);
    if (name === 'loss') expectLoss(inOrt, wanted, expected['y'], feeds['cotangent']);
    else expectClose(`${name} of ONNX Runtime`, inOrt, wanted, allowed);
  }
}

/** The loss is a sum whose terms cancel: what it may be off by is a share of the sum of their absolute values. */
function expectLoss(
  actual: NdArray,
  expected: NdArray,
  y: NdArray | undefined,
  cotangent: NdArray | undefined,
): void {
  if (y === undefined || cotangent === undefined) throw new TypeError('a loss without y and cotangent');
  const terms = y.data.reduce((sum, value, i) => sum + Math.abs(value * (cotangent.data[i] ?? NaN)), 0);
  const pair = (loss: NdArray): NdArray => ndarray([2], [loss.data[0] ?? NaN, terms]);
  expectClose('loss of ONNX Runtime', pair(actual), pair(expected), float32);
}

const run = async (one: GradientCase, length?: number): Promise<void> => {
  const { graph } = buildCase(one, length);
  await compare(graph, feedsOf(one, graph, batch), one.cancellation);
};

describe.each(Object.entries(caseGroups))('ONNX Runtime: %s', (_, cases) => {
  test.each(cases)('$name', async (one) => {
    await run(one, batch);
    if (isSymbolic(Object.values(one.inputs).map(({ shape }) => shape))) await run(one);
  });
});

/** A function that is only run forward, as a graph; `length` replaces the symbol N. */
function forwardGraph({ inputs, build }: ForwardCase, length?: number): Graph {
  const b = new Builder();
  const values = Object.entries(inputs).map(([name, { shape, dtype = 'float32' }]) => {
    const bound = length === undefined ? shape : bindShape(shape, { N: length });
    return [name, b.input(name, dtype, bound)] as const;
  });
  const results = build(b, Object.fromEntries(values));
  return b.finish(
    'forward',
    results.map((value, i) => ({ name: `y${i}`, value })),
  );
}

function forwardFeeds({ inputs }: ForwardCase): Record<string, NdArray> {
  const feeds = Object.entries(inputs).map(([name, input], position) => {
    const lengths = bindShape(input.shape, { N: batch }).map(Number);
    const make: Fill = input.fill ?? ((u) => u);
    const size = product(lengths);
    const values = fill(31 + position, size).map((u, i) => Math.fround(make(u, i, size)));
    return [name, ndarray(lengths, values)] as const;
  });
  return Object.fromEntries(feeds);
}

describe('ONNX Runtime: forward only', () => {
  test.each(forwardCases)('$name', async (one) => {
    const feeds = forwardFeeds(one);
    await compare(forwardGraph(one, batch), feeds);
    if (isSymbolic(Object.values(one.inputs).map(({ shape }) => shape))) {
      await compare(forwardGraph(one), feeds);
    }
  });
});

describe('coverage', () => {
  test('every operator of the registry runs in ONNX Runtime', () => {
    const graphs = [
      ...allCases.map((one) => buildCase(one, batch).graph),
      ...forwardCases.map((one) => forwardGraph(one, batch)),
    ].map(prune);
    // Composite operators count as run when their expansion is; some standard ones appear only in expansions.
    const run = new Set(
      [...graphs, ...graphs.map(lowerPortable)].flatMap(({ nodes }) => nodes.map(({ op }) => op.name)),
    );
    expect(Object.keys(ops).filter((name) => !run.has(name))).toEqual([]);
  });

  test('every operator is registered under its own name', () => {
    expect(Object.entries(ops).filter(([name, op]) => name !== op.name)).toEqual([]);
  });
});
