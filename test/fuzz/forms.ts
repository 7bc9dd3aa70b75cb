import { bindDims, lowerPortable, portableState } from '../../src/lower/index.js';
import { collect, type TensorMap } from '../../src/program/index.js';
import * as ort from 'onnxruntime-node';
import { newArray, prune, type Graph } from '../../src/ir/index.js';
import { encodeModel } from '../../src/onnx/index.js';
import { layoutFor } from '../../src/program/compile.js';
import { cpuTarget, wasmTarget, webgpuTarget } from '../../src/program/targets.js';
import type { Target } from '../../src/program/target.js';
import { ndarray, product, type NdArray } from '../reference/array.js';
import type { FuzzCase } from './fuzz-case.js';

/** A form of a graph. The one for wasm runs in Node too, on other kernels; `webgpu` wants that device. */
export type FormName = 'portable' | 'cpu' | 'wasm' | 'webgpu';

/** Results by output of the portable graph, and the operators that were left in the portable form. */
export interface FormResult {
  readonly outputs: Readonly<Record<string, NdArray>>;
  readonly left: readonly string[];
}

const targets: Readonly<Record<Exclude<FormName, 'portable'>, (block: number) => Target>> = {
  cpu: cpuTarget,
  wasm: () => wasmTarget,
  webgpu: () => webgpuTarget,
};

/** Runs a case in one form on ONNX Runtime, `block` channels in a block of the CPU's. */
export async function runForm(
  form: FormName,
  { graph, batch, network }: FuzzCase,
  feeds: Readonly<Record<string, NdArray>>,
  block: number,
): Promise<FormResult> {
  const bound = prune(bindDims(graph, { N: batch }));
  if (form === 'portable') {
    // The batch stays open, as artifacts have it.
    const results = await run(lowerPortable(graph), feeds, 'cpu');
    return { outputs: named(bound, (name) => results[name]?.data as Float32Array | undefined), left: [] };
  }
  const target = targets[form](block);
  const layout =
    network === undefined ? portableState : layoutFor(target, network, { optimizer: { kind: 'adam' } });
  const { graph: lowered, report } = target.lower(graph, { batch, layout });
  const given = Object.entries(feeds).flatMap(([name, array]): (readonly [string, NdArray])[] => {
    if (array.shape.length !== 1) return [[name, array]];
    const pieces = layout.tensors(name, layout.toTarget(name, Float32Array.from(array.data)));
    return Object.entries(pieces).map(([piece, { shape, data }]) => [
      piece,
      ndarray(shape.map(Number), data as Float32Array),
    ]);
  });
  const results = await run(lowered, Object.fromEntries(given), form === 'webgpu' ? 'webgpu' : 'cpu');
  const left = report.flatMap(({ op, form: own, node }) => (own === 'portable' ? [`${op} ${node}`] : []));
  return {
    outputs: named(
      bound,
      (name, size) =>
        (results[name]?.data as Float32Array | undefined) ?? collect(layout, name, size, results),
    ),
    left,
  };
}

function named(
  graph: Graph,
  find: (name: string, size: number) => ArrayLike<number> | undefined,
): Record<string, NdArray> {
  return Object.fromEntries(
    graph.outputs.map(({ name, value }) => {
      const shape = value.shape.map(Number);
      const data = find(name, product(shape));
      if (data === undefined) throw new TypeError(`no result ${name}`);
      return [name, ndarray(shape, data)];
    }),
  );
}

async function run(
  graph: Graph,
  feeds: Readonly<Record<string, NdArray>>,
  device: 'cpu' | 'webgpu',
): Promise<TensorMap> {
  const session = await ort.InferenceSession.create(encodeModel(graph), {
    executionProviders: [device],
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  try {
    const tensors = graph.inputs.map(({ name, dtype }) => {
      const array = feeds[name];
      if (array === undefined) throw new TypeError(`input ${name} is not fed`);
      const data = newArray(dtype, array.data.length);
      array.data.forEach((value, i) => {
        (data as Float32Array)[i] = value;
      });
      return [name, new ort.Tensor(dtype, data as Float32Array, array.shape)] as const;
    });
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [
        name,
        { dtype: 'float32', shape: dims, data: data as Float32Array },
      ]),
    );
  } finally {
    await session.release();
  }
}
