import type { Graph, TensorData, TypedArray } from '../ir/index.js';
import { lowerPortable, bindDims, type TargetState } from '../lower/index.js';
/** Named tensors. */
export type TensorMap = Readonly<Record<string, TensorData>>;

/** Loads a graph, runs it once, disposes of it. */
export type RunGraph = (graph: Graph, feeds: TensorMap) => Promise<TensorMap>;

/** How far outputs may differ, relative to their largest number, unless told otherwise. */
export const TOLERANCE = 1e-3;

/** How far a lowered graph is from the portable one. */
export interface CheckReport {
  /** Whether every output is within the tolerance. */
  readonly equal: boolean;
  /** By output: the largest difference relative to the largest number. */
  readonly differences: Readonly<Record<string, number>>;
}

/**
 * Runs the portable and the lowered graph on the same feeds (of the portable graph) and compares their outputs. The default
 * tolerance is 1e-3 of the largest number, where sums in another order differ by about 1e-6, and by up to 1e-4 where batch
 * normalisation meets means far larger than the deviation; a wrong rewrite is off by far more. Updated parameters are left
 * out: Adam divides by the root of the second moment, so that gradients near zero, whose digits are rounding, move them by
 * the full learning rate. Their moments are compared.
 *
 * @example
 * const { equal } = await checkLowering({ portable: run, lowered: run }, portable, { graph, layout }, 64, feeds);
 * const good = equal ? graph : lowerPortable(portable);
 */
export async function checkLowering(
  run: { readonly portable: RunGraph; readonly lowered: RunGraph },
  portable: Graph,
  { graph, layout }: { readonly graph: Graph; readonly layout: TargetState },
  batch: number,
  feeds: TensorMap,
  tolerance = TOLERANCE,
): Promise<CheckReport> {
  const expected = await run.portable(lowerPortable(bindDims(portable, { N: batch })), feeds);
  const given = Object.entries(feeds).flatMap(([name, tensor]): (readonly [string, TensorData])[] =>
    tensor.shape.length === 1 && tensor.data instanceof Float32Array
      ? Object.entries(layout.tensors(name, layout.toTarget(name, tensor.data)))
      : [[name, tensor]],
  );
  const actual = await run.lowered(graph, Object.fromEntries(given));
  const differences: Record<string, number> = {};
  for (const [name, { data }] of Object.entries(expected)) {
    if (name === 'params_next') continue;
    differences[name] = difference(actual[name]?.data ?? collect(layout, name, data.length, actual), data);
  }
  return { equal: Object.values(differences).every((value) => value <= tolerance), differences };
}

/** An output of the portable graph from the pieces that a lowered graph gives; undefined where one is missing. */
export function collect(
  state: TargetState,
  output: string,
  size: number,
  results: TensorMap,
): Float32Array | undefined {
  const target = new Float32Array(state.size(output, size));
  for (const [piece, { data }] of Object.entries(state.tensors(output, target))) {
    const result = results[piece]?.data;
    if (result?.length !== data.length || !(result instanceof Float32Array)) return undefined;
    (data as Float32Array).set(result);
  }
  return state.fromTarget(output, target);
}

/** Largest difference, relative to the largest expected number; infinite for another length or a NaN on one side. */
export function difference(actual: TypedArray | undefined, expected: TypedArray): number {
  if (actual?.length !== expected.length) return Infinity;
  // A loop over one type of array takes a tenth of the time: of a gradient there are tens of millions of numbers.
  if (actual instanceof Float32Array && expected instanceof Float32Array) return largest(actual, expected);
  return largest(Float64Array.from(actual, Number), Float64Array.from(expected, Number));
}

function largest<T extends Float32Array | Float64Array>(actual: T, expected: T): number {
  let [scale, worst] = [1e-30, 0];
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] ?? NaN, expected[i] ?? NaN];
    scale = Math.max(scale, Math.abs(e));
    const error = Math.abs(a - e);
    worst = error <= worst || (Number.isNaN(a) && Number.isNaN(e)) ? worst : error;
  }
  return Number.isNaN(worst) ? Infinity : worst / scale;
}
