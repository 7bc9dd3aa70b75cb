import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/index.js';
import type { Graph, Value } from '../../src/ir/index.js';
import { Builder } from '../../src/ops/index.js';
import { goldenOps, type GoldenCase } from '../helpers/golden.js';
import { runOrt } from '../helpers/ort.js';
import type { NdArray } from '../reference/array.js';
import { expectClose, type Tolerance } from '../reference/close.js';
import { evaluate } from '../reference/evaluate.js';
import { goldenBuilders, pending, type GoldenBuilder } from './golden-builders.js';

/**
 * PyTorch computed in float64 and rounded the results to float32: half a unit in the last place, 2^-24. The reference
 * computes in float64 too, so that nothing else is off but the order of its sums, 1e-13 of the largest at most.
 */
const rounded: Tolerance = { relative: 2 ** -24, ofLargest: 1e-13 };

/** Constants that the graph holds as float32 add 2^-24 each, and their terms may cancel: three of them at most. */
const roundedConstants: Tolerance = { relative: 2 ** -24, ofLargest: 3 * 2 ** -24 };

/**
 * ONNX Runtime computes in float32. Elementwise, its exp, tanh and erf are good to about 4 units in the last place and a
 * formula has a handful of roundings: 8 x 2^-24. Sums: the longest has 1,152 terms (a convolution's weight gradient);
 * roundings that go both ways grow with its root, 34 x 2^-24 of a partial sum, which is of the size of the largest
 * result, and blocked summation makes it less: 16 x 2^-24.
 */
const float32: Tolerance = { relative: 8 * 2 ** -24, ofLargest: 16 * 2 ** -24 };

const cases = goldenOps();
const opOf = (file: GoldenCase): string => String(file.metadata['op']);
const ready = cases.filter((file) => !pending.includes(opOf(file)));

/** The file's case as a graph, whose outputs are called like the file's tensors. */
function graphOf(file: GoldenCase, { build }: GoldenBuilder): Graph {
  const b = new Builder();
  const inputs = new Map<string, Value>();
  const x = (name: string): Value => {
    const known = inputs.get(name);
    if (known !== undefined) return known;
    const value = b.input(name, 'float32', file.tensor(name).shape);
    inputs.set(name, value);
    return value;
  };
  const option = (name: string): unknown => file.metadata[name];
  const number = (name: string): number => {
    const value = option(name);
    if (typeof value !== 'number') throw new TypeError(`${file.name}: no number ${name}`);
    return value;
  };
  const built = build({ b, x, number, option });
  const results = 'dtype' in built ? { out: built as Value } : built;
  const { out } = results;
  if (out === undefined) throw new TypeError(`${file.name}: nothing called out was built`);
  const axes = out.shape.map((_, axis) => axis);
  const weighted = b.mul(out, x('cotangent'));
  const loss = axes.length === 0 ? weighted : b.reduceSum(weighted, axes);
  const wanted = file.names.filter((name) => name.startsWith('grad.')).map((name) => name.slice(5));
  const grads = gradients(
    b,
    loss,
    wanted.map((name) => x(`in.${name}`)),
  );
  return b.finish(file.name, [
    ...Object.entries(results).map(([name, value]) => ({ name, value })),
    ...grads.map((value, i) => ({ name: `grad.${wanted[i] ?? ''}`, value })),
  ]);
}

function builderOf(file: GoldenCase): GoldenBuilder {
  const builder = goldenBuilders[opOf(file)];
  if (builder === undefined) {
    throw new TypeError(`${file.name}: op '${opOf(file)}' has no entry in golden-builders.ts`);
  }
  return builder;
}

function feedsOf(file: GoldenCase, graph: Graph): Record<string, NdArray> {
  return Object.fromEntries(graph.inputs.map(({ name }) => [name, file.tensor(name)]));
}

function compare(
  file: GoldenCase,
  graph: Graph,
  results: Readonly<Record<string, NdArray>>,
  tolerance: Tolerance,
): void {
  for (const { name } of graph.outputs) {
    const actual = results[name];
    if (actual === undefined) throw new TypeError(`${file.name}: no result ${name}`);
    expectClose(`${file.name}: ${name}`, actual, file.tensor(name), tolerance);
  }
}

describe.each(ready.map((file) => [file.name, file] as const))('PyTorch: %s', (_, file) => {
  test('the float64 reference', () => {
    const builder = builderOf(file);
    const graph = graphOf(file, builder);
    const tolerance = builder.roundedConstants === true ? roundedConstants : rounded;
    compare(file, graph, evaluate(graph, feedsOf(file, graph)), tolerance);
  });

  test('ONNX Runtime', async () => {
    const builder = builderOf(file);
    const graph = graphOf(file, builder);
    const tolerance = { ...float32, ofLargest: float32.ofLargest * (builder.cancellation ?? 1) };
    compare(file, graph, await runOrt(graph, feedsOf(file, graph)), tolerance);
  });
});

test('every gradient of every file is asked for', () => {
  for (const file of ready) {
    const grads = file.names.filter((name) => name.startsWith('grad.')).length;
    const outputs = graphOf(file, builderOf(file)).outputs.map(({ name }) => name);
    expect(outputs.filter((name) => name.startsWith('grad.'))).toHaveLength(grads);
    expect(grads).toBeGreaterThan(0);
  }
});

test('only what is listed as pending is left out', () => {
  expect(cases).not.toEqual([]);
  const without = cases.map(opOf).filter((op) => !Object.hasOwn(goldenBuilders, op));
  expect(without.filter((op) => !pending.includes(op))).toEqual([]);
  // An operator that has got its builder must leave the list, or its files would not be tested.
  expect(pending.filter((op) => Object.hasOwn(goldenBuilders, op))).toEqual([]);
});
