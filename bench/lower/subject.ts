import * as ort from 'onnxruntime-node';
import { buildGraph, stateLayout } from '../../src/artifacts/graphs.js';
import { flatten } from '../../src/artifacts/layout.js';
import { staticSize, type Graph } from '../../src/ir/index.js';
import { lowerCpu } from '../../src/lower/cpu/index.js';
import { bindDims } from '../../src/lower/cpu/static-batch.js';
import { lowerPortable } from '../../src/lower/index.js';
import { presetNetwork, type PresetName, type PresetOptions } from '../../src/models/index.js';
import { initialState } from '../../src/net/index.js';
import { encodeModel, UNRETURNED, withUnreturnedOutput } from '../../src/onnx/index.js';
import type { StepTime } from './peer.js';

/** One of our forms of the training step, ready to run. */
export interface Subject {
  readonly nodes: number;
  steps(count: number): Promise<readonly StepTime[]>;
  /** Ends the session; with profiling, the name of the file. */
  stop(): Promise<void>;
  readonly session: ort.InferenceSession;
}

/** What to measure. */
export interface SubjectOptions {
  readonly target: 'portable' | 'cpu';
  readonly net: PresetName;
  readonly options: PresetOptions;
  readonly batch: number;
  readonly threads: number;
  readonly profile?: string;
}

/** Builds, lowers and loads the training step of a network, with Adam and two sets of outputs used in turn. */
export async function prepare({
  target,
  net,
  options,
  batch,
  threads,
  profile,
}: SubjectOptions): Promise<Subject> {
  const network = presetNetwork(net, options);
  const portable = buildGraph(network, 'step', { optimizer: { kind: 'adam' } });
  const lowered = target === 'cpu' ? lowerCpu(portable, { blockSize: 16, batch }) : undefined;
  const graph = lowered?.graph ?? bindDims(lowerPortable(portable), { N: batch });
  const session = await ort.InferenceSession.create(withUnreturnedOutput(encodeModel(graph)), {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
  });
  const layout = stateLayout(network);
  const state = initialState(network, 0);
  const flat = flatten(layout.parameters, state, net);
  const given: Record<string, ort.Tensor> = feeds(graph);
  const placed = lowered?.state;
  if (placed === undefined) given['params'] = tensor(flat);
  else {
    for (const [name, { shape, data }] of Object.entries(
      placed.tensors('params', placed.toTarget('params', flat)),
    )) {
      given[name] = new ort.Tensor('float32', data as Float32Array, [...shape]);
    }
  }
  if (layout.buffers.size > 0) given['buffers'] = tensor(flatten(layout.buffers, state, net));
  const sets = [0, 1].map(() =>
    Object.fromEntries(
      graph.outputs.map(({ name, value }) => [name, zeros(value.dtype, value.shape.map(Number))]),
    ),
  );
  let turn = 0;
  const step = async (): Promise<void> => {
    const outputs = sets[(turn ^= 1)] ?? {};
    await session.run(given, { [UNRETURNED]: null, ...outputs }).catch((error: unknown) => {
      if (!String(error).includes('Non tensor type')) throw error;
    });
    for (const name of Object.keys(given)) {
      const next = outputs[name.replace(/^([a-z_]+)/, '$1_next')];
      if (next !== undefined) given[name] = next;
    }
  };
  return {
    session,
    nodes: graph.nodes.length,
    async steps(count) {
      const times: StepTime[] = [];
      for (let i = 0; i < count; i++) {
        const [start, cpu] = [performance.now(), process.cpuUsage()];
        await step();
        const used = process.cpuUsage(cpu);
        times.push({ wall: performance.now() - start, cpu: (used.user + used.system) / 1e3 });
      }
      return times;
    },
    stop: () => session.release(),
  };
}

/** Random pixels, half of them background; targets in turn; moments zero. */
function feeds(graph: Graph): Record<string, ort.Tensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const made = zeros(dtype, shape.map(Number));
      const data = made.data as Float32Array;
      if (name === 'input') data.forEach((_, i) => (data[i] = Math.max(Math.sin(i * 12.9898), 0)));
      if (name === 'target') data.forEach((_, i) => (data[i] = i % 10));
      if (name === 'lr') data[0] = 1e-3;
      if (name === 'step') data[0] = 1;
      return [name, made];
    }),
  );
}

function zeros(dtype: string, shape: readonly number[]): ort.Tensor {
  const size = staticSize(shape);
  const data = dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
  return new ort.Tensor(dtype as 'float32', data as Float32Array, shape);
}

function tensor(data: Float32Array): ort.Tensor {
  return new ort.Tensor('float32', data, [data.length]);
}
