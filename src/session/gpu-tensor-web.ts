import type { TensorData, DeviceTensor } from '../program/index.js';
import type * as Ort from 'onnxruntime-web/wasm';
import { ModelError } from '../errors.js';
import type { WebRuntime } from './runtime-web.js';
// Of the specification, as TypeScript's own types of WebGPU have no values: https://www.w3.org/TR/webgpu/#buffer-usage
const usage = { mapRead: 0x01, copySource: 0x04, copyTarget: 0x08, storage: 0x80 } as const;
const READ = 0x01;

/** What a session's runtime is. */
export type Runtime = WebRuntime<typeof Ort>;

/** A tensor in a buffer of the GPU: float32 or int32. */
export class GpuTensor implements DeviceTensor {
  readonly dtype: TensorData['dtype'];
  readonly shape: readonly number[];
  /** As onnxruntime-web takes it. */
  readonly native: Ort.Tensor;
  readonly #runtime: Runtime;
  #disposed = false;

  constructor(native: Ort.Tensor, runtime: Runtime) {
    this.native = native;
    this.#runtime = runtime;
    this.dtype = native.type as TensorData['dtype'];
    this.shape = native.dims;
  }

  async read(): Promise<TensorData> {
    if (this.#disposed)
      throw new ModelError('a tensor on the GPU was disposed of: expected a read before that');
    const [tensor] = await readTensors(this.#runtime, [this]);
    return tensor as TensorData;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    // WebAssembly takes one call at a time; a runtime that is gone has freed everything.
    this.#runtime
      .exclusive(() => {
        this.native.dispose();
        return Promise.resolve();
      })
      .catch(() => undefined);
  }
}

/** A tensor in a new buffer of the GPU. */
function allocate(
  { Tensor }: typeof Ort,
  device: GPUDevice,
  dtype: TensorData['dtype'],
  shape: readonly number[],
): Ort.Tensor {
  if (dtype !== 'float32' && dtype !== 'int32') {
    throw new ModelError(`a tensor for the GPU: expected float32 or int32, got ${dtype}`);
  }
  const bytes = shape.reduce((size, dim) => size * dim, 4);
  // ONNX Runtime reads four elements at a time.
  const buffer = device.createBuffer({
    size: Math.max(16, Math.ceil(bytes / 16) * 16),
    usage: usage.storage | usage.copySource | usage.copyTarget,
  });
  return Tensor.fromGpuBuffer(buffer, {
    dataType: dtype,
    dims: shape,
    dispose: () => {
      buffer.destroy();
    },
  });
}

/** Copies a tensor to the GPU, within a turn of the runtime. */
export async function uploadTensor(
  ort: typeof Ort,
  runtime: Runtime,
  { dtype, shape, data }: TensorData,
): Promise<GpuTensor> {
  const device = await ort.env.webgpu.device;
  const native = allocate(ort, device, dtype, shape);
  device.queue.writeBuffer(native.gpuBuffer, 0, data);
  return new GpuTensor(native, runtime);
}

/** Reads tensors of several runs: what is asked for at the same time comes in one copy, so that the GPU is awaited once. */
export class GpuReads {
  readonly #runtime: Runtime;
  #waiting: GpuTensor[] = [];
  #next: Promise<readonly TensorData[]> | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The tensors' elements as they are now. They must live until then. */
  async read(tensors: readonly GpuTensor[]): Promise<readonly TensorData[]> {
    const from = this.#waiting.length;
    this.#waiting.push(...tensors);
    this.#next ??= Promise.resolve().then(() => {
      const all = this.#waiting;
      this.#waiting = [];
      this.#next = undefined;
      return readTensors(this.#runtime, all);
    });
    return (await this.#next).slice(from, from + tensors.length);
  }
}

function readTensors(runtime: Runtime, tensors: readonly GpuTensor[]): Promise<TensorData[]> {
  return runtime.exclusive(async ({ env }) => readBuffers(await env.webgpu.device, tensors));
}

/** Copies tensors to the host, as they are now: what is submitted to the GPU later does not change them. */
async function readBuffers(device: GPUDevice, tensors: readonly GpuTensor[]): Promise<TensorData[]> {
  const sizes = tensors.map(({ native }) => native.size * 4);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const staging = device.createBuffer({ size: total, usage: usage.mapRead | usage.copyTarget });
  try {
    const encoder = device.createCommandEncoder();
    let at = 0;
    tensors.forEach(({ native }, i) => {
      encoder.copyBufferToBuffer(native.gpuBuffer, 0, staging, at, sizes[i] ?? 0);
      at += sizes[i] ?? 0;
    });
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(READ);
    const bytes = staging.getMappedRange();
    at = 0;
    return tensors.map(({ dtype, shape }, i) => {
      const part = bytes.slice(at, (at += sizes[i] ?? 0));
      return { dtype, shape, data: dtype === 'int32' ? new Int32Array(part) : new Float32Array(part) };
    });
  } finally {
    staging.destroy();
  }
}
