import {
  bindDims,
  lowerPortable,
  portableState,
  type Lowering,
  type TargetState,
} from '../../src/lower/index.js';
import { collect } from '../../src/program/index.js';
import * as ort from 'onnxruntime-node';
import { gradients } from '../../src/autodiff/index.js';
import { newArray, staticSize, type Graph, type Value } from '../../src/ir/index.js';
import { lowerCpu, probeBlockSize, type CpuOptions } from '../../src/lower/cpu/index.js';
import { encodeModel } from '../../src/onnx/index.js';
import { Builder } from '../../src/ops/index.js';
import { fill } from '../helpers/golden.js';

/** Typed arrays by name. */
export type Arrays = Readonly<Record<string, Float32Array | Int32Array>>;

/** The block of this machine; the tests of the blocked layout have no meaning without one. */
export const blockSize = await probeBlockSize(async (graph, input) => {
  const { y } = await run(graph, { x: input });
  return y as Float32Array;
});

/** Where a graph is run. */
export interface RunOptions {
  /** Default `cpu`. */
  readonly device?: 'cpu' | 'webgpu';
  /** Beginning of the path of the profiler's file; default: no profile. */
  readonly profile?: string;
  /** That the graph is lowered with; default: vectors as they are. */
  readonly layout?: TargetState | undefined;
}

/** Runs a graph with static shapes on ONNX Runtime, two threads. */
export async function run(
  graph: Graph,
  feeds: Arrays,
  { device = 'cpu', profile }: RunOptions = {},
): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(encodeModel(graph), {
    executionProviders: [device],
    intraOpNumThreads: 2,
    logSeverityLevel: 3,
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
  });
  const tensors = graph.inputs.map(({ name, dtype, shape }) => {
    const data = feeds[name] ?? newArray(dtype, staticSize(shape));
    return [name, new ort.Tensor(dtype, data as Float32Array, shape.map(Number))] as const;
  });
  const results = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

/** Runs the portable form of a graph and the CPU's on the same feeds. */
export async function both(
  graph: Graph,
  batch: number,
  feeds: Arrays,
  options: Partial<CpuOptions> = {},
): Promise<{ readonly portable: Arrays; readonly lowered: Arrays; readonly lowering: Lowering }> {
  const lowering = lowerCpu(graph, { blockSize: blockSize ?? 16, batch, ...options });
  return { ...(await bothForms(graph, lowering, batch, feeds, { layout: options.layout })), lowering };
}

/** Runs the portable form of a graph on the CPU, and a lowered one where `options` say, on the same feeds. */
export async function bothForms(
  graph: Graph,
  lowering: Lowering,
  batch: number,
  feeds: Arrays,
  options: RunOptions = {},
): Promise<{ readonly portable: Arrays; readonly lowered: Arrays }> {
  const portable = await run(lowerPortable(bindDims(graph, { N: batch })), feeds);
  const { layout = portableState } = options;
  const given = Object.entries(feeds).flatMap(([name, data]): (readonly [string, Arrays[string]])[] => {
    if (!(data instanceof Float32Array)) return [[name, data]];
    const tensors = Object.entries(layout.tensors(name, layout.toTarget(name, data)));
    return tensors.map(([piece, tensor]) => [piece, tensor.data as Float32Array]);
  });
  const results = await run(lowering.graph, Object.fromEntries(given), options);
  const tensors = Object.fromEntries(
    Object.entries(results).map(([name, data]) => [name, { dtype: 'float32', shape: [], data } as const]),
  );
  const lowered = Object.fromEntries(
    Object.entries(portable).flatMap(([name, { length }]) => {
      const data = results[name] ?? collect(layout, name, length, tensors);
      return data === undefined ? [] : [[name, data]];
    }),
  );
  return { portable, lowered };
}

/** Largest difference relative to the largest number of the expected array. */
export function difference(actual: Arrays[string] | undefined, expected: Arrays[string] | undefined): number {
  if (actual === undefined || expected === undefined || actual.length !== expected.length) return Infinity;
  let [scale, worst] = [1e-30, 0];
  for (const value of expected) scale = Math.max(scale, Math.abs(value));
  expected.forEach((value: number, i: number) => {
    const error = Math.abs(value - (actual[i] ?? NaN)) / scale;
    worst = error <= worst ? worst : error;
  });
  return worst;
}

/** Operators of convolution, pooling and batch normalisation that a lowered graph has in their portable form. */
export function keptPortable({ report }: Lowering): readonly string[] {
  const isMain = (op: string): boolean => /^(Conv|MaxPool|BatchNorm)/.test(op);
  return report.filter(({ form, op }) => form === 'portable' && isMain(op)).map(({ op }) => op);
}

/** Random numbers in [-1, 1) for each float32 input of a graph, bound to a batch. */
export function randomFeeds(graph: Graph, batch: number, seed: number): Arrays {
  const bound = bindDims(graph, { N: batch });
  return Object.fromEntries(
    bound.inputs.map(({ name, shape }, i) => [name, Float32Array.from(fill(seed + i, staticSize(shape)))]),
  );
}

/**
 * A graph that gives y and the gradients of sum(y g) with respect to `wrt`, g an input of y's shape.
 */
export function withGradients(
  name: string,
  build: (b: Builder) => { readonly y: Value; readonly wrt: Readonly<Record<string, Value>> },
): Graph {
  const b = new Builder();
  const { y, wrt } = build(b);
  const g = b.input('g', 'float32', y.shape);
  const axes = y.shape.map((_, i) => i);
  const loss = b.reduceSum(b.mul(y, g), axes);
  const grads = gradients(b, loss, Object.values(wrt));
  const outputs = Object.keys(wrt).flatMap((key, i) => {
    const value = grads[i];
    return value === undefined ? [] : [{ name: `d_${key}`, value: b.identity(value) }];
  });
  return b.finish(name, [{ name: 'y', value: b.identity(y) }, ...outputs]);
}

/** A graph that also gives what `add` makes of its results. */
export function withResults(
  graph: Graph,
  add: (b: Builder, resultOf: (name: string) => Value) => Readonly<Record<string, Value>>,
): Graph {
  const b = new Builder();
  for (const input of graph.inputs) b.keepInput(input);
  for (const constant of graph.constants) b.keepConstant(constant);
  for (const node of graph.nodes) b.keep(node);
  const resultOf = (wanted: string): Value => {
    const found = graph.outputs.find(({ name }) => name === wanted);
    if (found === undefined) throw new TypeError(`no result ${wanted}`);
    return found.value;
  };
  const added = Object.entries(add(b, resultOf)).map(([name, value]) => ({ name, value }));
  return b.finish(graph.name, [...graph.outputs, ...added]);
}
