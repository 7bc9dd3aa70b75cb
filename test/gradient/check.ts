import { gradients } from '../../src/autodiff/index.js';
import { prune, type Graph, type Shape, type Value } from '../../src/ir/index.js';
import { Builder } from '../../src/ops/index.js';
import { fill } from '../helpers/golden.js';
import { at, ndarray, product, type NdArray } from '../reference/array.js';
import { expectClose, type Tolerance } from '../reference/close.js';
import { evaluate } from '../reference/evaluate.js';
import { bindShape } from '../helpers/bind-shape.js';

/** Makes the i-th of n values from u, a pseudo-random number in [-1, 1). */
export type Fill = (u: number, i: number, n: number) => number;

/** An input of a checked function. */
export interface CheckedInput {
  /** May contain the symbol N. */
  readonly shape: Shape;
  /** Default: u itself. Values are rounded to float32, so that ONNX Runtime sees the same ones. */
  readonly fill?: Fill;
  /** False for an input that only steers, such as a mask: no gradient is asked for. */
  readonly differentiable?: false;
}

/** A function to check, built from its inputs. A result that is no scalar is summed up with random weights. */
export interface GradientCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, CheckedInput>>;
  readonly build: (b: Builder, inputs: Readonly<Record<string, Value>>) => Value;
  /** How many times larger than a gradient its terms are when they cancel, for checks in float32; default 1. */
  readonly cancellation?: number;
}

/** A case as a graph: the function, its loss, its gradients. */
export interface BuiltCase {
  /** Outputs: `y`, `loss` and `grad.<input>` for each differentiable input. */
  readonly graph: Graph;
  /** Names of the operators of the forward pass. */
  readonly forward: readonly string[];
}

/** Builds a case; `batch` replaces the symbol N, without it the graph keeps the symbol. */
export function buildCase(test: GradientCase, batch?: number): BuiltCase {
  const b = new Builder();
  const bound = (shape: Shape): Shape => (batch === undefined ? shape : bindShape(shape, { N: batch }));
  const entries = Object.entries(test.inputs);
  const inputs = Object.fromEntries(
    entries.map(([name, { shape }]) => [name, b.input(name, 'float32', bound(shape))]),
  );
  const y = test.build(b, inputs);
  const loss = weightedSum(b, y);
  const forward = b.nodes.map(({ op }) => op.name);
  const wanted = entries.filter(([, input]) => input.differentiable !== false).map(([name]) => name);
  const values = wanted.map((name) => inputs[name]).filter((value) => value !== undefined);
  const grads = gradients(b, loss, values).map((value, i) => ({ name: `grad.${wanted[i] ?? ''}`, value }));
  const outputs = [{ name: 'y', value: y }, { name: 'loss', value: loss }, ...grads];
  return { graph: b.finish('checked', outputs), forward };
}

/** sum(y cotangent): all elements of y count, each with another weight. */
function weightedSum(b: Builder, y: Value): Value {
  const weighted = b.mul(y, b.input('cotangent', 'float32', y.shape));
  const axes = y.shape.map((_, axis) => axis);
  return axes.length === 0 ? weighted : b.reduceSum(weighted, axes);
}

/** Values for the inputs of a built case, the same in every run. */
export function feedsOf(test: GradientCase, graph: Graph, batch: number): Record<string, NdArray> {
  const pairs = graph.inputs.map(({ name, shape }, position) => {
    const lengths = bindShape(shape, { N: batch }).map(Number);
    const size = product(lengths);
    const make: Fill = test.inputs[name]?.fill ?? ((u) => u);
    const values = fill(1 + position, size).map((u, i) => Math.fround(make(u, i, size)));
    return [name, ndarray(lengths, values)] as const;
  });
  return Object.fromEntries(pairs);
}

/**
 * Half the distance of the two points of a central difference. The error of the difference is h^2 f'''/6, about 1e-10
 * for f''' of 1, plus the rounding 2^-53 |f| / h, about 1e-11 for f of 1: far below any factor a wrong rule gets wrong.
 */
const h = 2 ** -15;

/**
 * Rules hold constants such as 2/sqrt(pi) or 1/9 as float32, each off by up to 2^-24 = 6e-8 of itself; products of up
 * to four of them meet in second derivatives. The part of the largest covers the central difference's own error.
 */
const tolerance: Tolerance = { relative: 2.5e-7, ofLargest: 2e-8 };

/** How to check. */
export interface CheckOptions {
  /** Length of N; default 2. */
  readonly batch?: number;
  /** Whether the graph keeps the symbol N; default false. */
  readonly symbolic?: boolean;
  /** At most so many elements of each input are moved, a seeded choice; default all. */
  readonly sample?: number;
}

/**
 * Compares the gradients that the rules give, evaluated by the float64 reference, with central differences of the
 * reference's loss, for every input element. Throws at the first input whose gradient is off, NaN or infinite.
 */
export function checkGradient(test: GradientCase, options: CheckOptions = {}): void {
  const { batch = 2, symbolic = false, sample = Infinity } = options;
  const { graph } = buildCase(test, symbolic ? undefined : batch);
  const feeds = feedsOf(test, graph, batch);
  const lossOnly = prune({ ...graph, outputs: graph.outputs.filter(({ name }) => name === 'loss') });
  const lossAt = (moved: Readonly<Record<string, NdArray>>): number =>
    at(evaluate(lossOnly, { ...feeds, ...moved })['loss']?.data ?? [], 0);

  const results = evaluate(graph, feeds);
  for (const [name, analytic] of Object.entries(results)) {
    if (!name.startsWith('grad.')) continue;
    const input = name.slice('grad.'.length);
    const x = feeds[input];
    if (x === undefined) throw new TypeError(`no input ${input}`);
    const slope = (i: number): number => {
      const moved = (by: number): number =>
        lossAt({ [input]: { shape: x.shape, data: x.data.with(i, at(x.data, i) + by) } });
      return (moved(h) - moved(-h)) / (2 * h);
    };
    const some = someOf(x.data.length, sample);
    const numeric = ndarray([some.length], some.map(slope));
    const given = ndarray(
      [some.length],
      some.map((i) => at(analytic.data, i)),
    );
    if (analytic.shape.join() !== x.shape.join()) throw new Error(`${test.name}: ${name} has another shape`);
    expectClose(`${test.name}: ${name} at ${some.join(',')}`, given, numeric, tolerance);
  }
}

/** Values in [0.5, 2): for ln, sqrt, quotients. */
export const positive: Fill = (u) => 1.25 + 0.75 * u;

/** Values with a distance of at least 0.25 to 0: for |x| and relu. */
export const awayFromZero: Fill = (u) => u + Math.sign(u) * 0.25;

/** Distinct values, 0.05 or more apart, none near 0, in a scattered order: no maximum is near a tie. */
export const apart: Fill = (_, i, n) => {
  const stride = [7, 11, 13, 17].find((step) => n % step !== 0) ?? 1;
  return ((i * stride + 3) % n) * 0.1 - n * 0.05 + 0.025;
};

/** At most `sample` of the numbers below `n`, the same ones in every run, in no pattern that a stride could share. */
function someOf(n: number, sample: number): number[] {
  const all = Array.from({ length: n }, (_, i) => i);
  if (n <= sample) return all;
  const order = fill(77, n);
  return all.sort((i, k) => at(order, i) - at(order, k)).slice(0, sample);
}
