import { lowerPortable } from '../../src/lower/index.js';
import * as ort from 'onnxruntime-node';
import { newArray, type DType, type Graph } from '../../src/ir/index.js';
import { encodeModel } from '../../src/onnx/index.js';
import { ndarray, type NdArray } from '../reference/array.js';

/** A graph loaded into ONNX Runtime on the CPU. */
export interface OrtGraph {
  /** Runs the graph on numbers, which are rounded to the inputs' dtypes. */
  readonly run: (feeds: Readonly<Record<string, NdArray>>) => Promise<Record<string, NdArray>>;
  readonly dispose: () => Promise<void>;
}

/** Lowers, encodes and loads a graph, the way users' graphs go. One thread: the tests' graphs are small. */
export async function loadOrt(graph: Graph): Promise<OrtGraph> {
  const bytes = encodeModel(lowerPortable(graph));
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  return {
    run: async (feeds) => {
      const given = Object.fromEntries(
        graph.inputs.map(({ name, dtype }) => [name, toTensor(dtype, feeds[name], name)]),
      );
      const results = await session.run(given);
      return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, fromTensor(value)]));
    },
    dispose: () => session.release(),
  };
}

/** Loads, runs once, disposes. */
export async function runOrt(
  graph: Graph,
  feeds: Readonly<Record<string, NdArray>>,
): Promise<Record<string, NdArray>> {
  const loaded = await loadOrt(graph);
  try {
    return await loaded.run(feeds);
  } finally {
    await loaded.dispose();
  }
}

function toTensor(dtype: DType, array: NdArray | undefined, name: string): ort.Tensor {
  if (array === undefined) throw new TypeError(`input '${name}' is not fed`);
  const data = newArray(dtype, array.data.length);
  array.data.forEach((value, i) => {
    if (data instanceof BigInt64Array) data[i] = BigInt(value);
    else data[i] = value;
  });
  return new ort.Tensor(dtype, data, array.shape);
}

function fromTensor({ dims, data }: ort.Tensor): NdArray {
  return ndarray(dims, Array.from(data as Iterable<number | bigint>, Number));
}
