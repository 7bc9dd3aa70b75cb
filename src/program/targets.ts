import { layoutCpu, lowerCpu, probeBlockSize, tunables } from '../lower/cpu/index.js';
import { lowerPortable, portableState } from '../lower/index.js';
import { lowerWasm } from '../lower/wasm/index.js';
import { layoutWebgpu, lowerWebgpu } from '../lower/webgpu/index.js';
import { encodeModel } from '../onnx/index.js';
import type { DeviceName } from './session.js';
import type { RunModel, Target } from './target.js';

/** Standard operators, as every runtime has them. A device that keeps state may not run all of them itself. */
export const portableTarget: Target = {
  ...{ name: 'portable', anyBatch: true, keepsState: false },
  layout: () => portableState,
  lower: (graph) => ({ graph: lowerPortable(graph), report: [] }),
};

/** ONNX Runtime's CPU provider with blocked tensors of `blockSize` channels; see `findBlockSize`. */
export function cpuTarget(blockSize: number): Target {
  return {
    ...{ name: 'cpu', blockSize, anyBatch: false, keepsState: false },
    layout: (forward, options) => layoutCpu(forward, { ...options, blockSize }),
    lower: (portable, options) => lowerCpu(portable, { ...options, blockSize }),
    tunables: (portable, batch) => tunables(portable, { blockSize, batch }),
  };
}

/** onnxruntime-web's WebAssembly. */
export const wasmTarget: Target = {
  ...{ name: 'wasm', anyBatch: false, keepsState: false },
  layout: () => portableState,
  lower: lowerWasm,
};

/** ONNX Runtime's WebGPU provider, whose numbers are compared with those of the CPU. */
export const webgpuTarget: Target = {
  ...{ name: 'webgpu', anyBatch: false, keepsState: true, reference: ['cpu', 'wasm'] },
  layout: (_, { vectors }) => layoutWebgpu(vectors),
  lower: lowerWebgpu,
};

/** What training must know of an execution provider. */
export interface DeviceFacts {
  /** Whether it computes on this machine's cores with all of its threads, so that another thread would hold them up. */
  readonly usesCores: boolean;
  /**
   * Whether it may write a vector over itself whose new elements depend on nothing but the old ones at the same place: the
   * optimizer's slots, a sum of gradients.
   */
  readonly updatesInPlace: boolean;
  /** The form that it has of its own, for the block that `findBlockSize` finds; or why it has none. */
  readonly target: (blockSize: number | undefined) => Target | string;
}

/** All execution providers that ort-train knows. */
export const devices: Readonly<Record<DeviceName, DeviceFacts>> = {
  cpu: {
    ...{ usesCores: true, updatesInPlace: true },
    target: (blockSize) =>
      blockSize === undefined
        ? 'this ONNX Runtime has no blocked operators on this CPU'
        : cpuTarget(blockSize),
  },
  wasm: { usesCores: true, updatesInPlace: false, target: () => wasmTarget },
  webgpu: { usesCores: false, updatesInPlace: false, target: () => webgpuTarget },
  cuda: {
    ...{ usesCores: false, updatesInPlace: false },
    target: () => 'there is no other form for cuda yet',
  },
};

/** Channels in a block of the runtime's blocked layout, undefined where it has none. */
export function findBlockSize(run: RunModel): Promise<number | undefined> {
  return probeBlockSize(async (graph, data) => {
    const [x] = graph.inputs;
    const [y] = graph.outputs;
    const shape = x?.shape.map(Number) ?? [];
    const results = await run(encodeModel(graph), { [x?.name ?? '']: { dtype: 'float32', shape, data } });
    return Float32Array.from(results[y?.name ?? '']?.data ?? [], Number);
  });
}
