import {
  UNRETURNED,
  withUnreturnedOutput,
  type TensorData,
  type DeviceName,
  type DeviceReport,
  type DeviceTensor,
  type DeviceTensors,
  type Feeds,
  type Resident,
  type Session,
  type SessionOptions,
  type Tensors,
} from '../program/index.js';
import { availableParallelism } from 'node:os';
// First: what it sets must be set before the runtime is loaded.
import { withoutTelemetry } from './telemetry-node.js';
import * as ort from 'onnxruntime-node';
import { identityModel } from '../program/identity.js';
import { checkWhole, defined } from '../checks.js';
import { DeviceError, ModelError } from '../errors.js';
import { checkDevices, firstThatStarts } from './devices.js';
import { expectLive, isNames, present, reasonOf, runError, toHost } from './native.js';
export { runtimeTelemetry, type RuntimeTelemetry } from './telemetry-node.js';

// What goes wrong comes back as an error; ONNX Runtime's own lines on stderr would break up a progress bar.
ort.env.logLevel = 'fatal';

// What onnxruntime-node 1.30 says of a result that is a sequence.
const NOT_RETURNED = 'Non tensor type is temporarily not supported.';

/** How to get an execution provider that this machine lacks. */
const remedies: Readonly<Record<DeviceName, string>> = {
  cpu: 'it belongs to onnxruntime-node; reinstall the package',
  cuda: 'it needs an NVIDIA GPU with CUDA 12 and cuDNN 9, and the libraries that `ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js` fetches (Linux x64)',
  webgpu: 'it needs a GPU with a Vulkan, Metal or Direct3D 12 driver',
  wasm: 'it runs in the browser; in Node use cpu',
};

/**
 * Loads a model into onnxruntime-node on the first of `devices` that starts. Throws DeviceError for an unknown device,
 * and when none starts, with what each of them lacks; ModelError for a model that ONNX Runtime refuses.
 *
 * @example
 * const session = await createNodeSession(bytes, { devices: ['cuda', 'cpu'] });
 */
export async function createNodeSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const devices = checkDevices(options.devices ?? ['cpu']);
  const threads = options.threads ?? availableParallelism();
  checkWhole('threads', threads, 1);
  await withoutTelemetry();
  return firstThatStarts(
    devices,
    async (device, rejected) => {
      try {
        const kept = device === 'webgpu' ? options.keepOnDevice : undefined;
        const session = await load(
          options.givenResults === true ? withUnreturnedOutput(model) : model,
          device,
          threads,
          defined({ profile: options.profile, kept }),
        );
        const report = { chosen: device, runtime: runtimeVersion(), threads, rejected };
        return new NodeSession(session, report, kept);
      } catch (cause) {
        const reason = reasonOf(cause);
        if (device === 'cpu')
          throw new ModelError(`ONNX Runtime cannot load the model: ${reason}`, { cause });
        throw new DeviceError(reason, { cause });
      }
    },
    remedies,
  );
}

/**
 * Version of onnxruntime-node.
 *
 * @example
 * runtimeVersion(); // '1.30.0'
 */
export function runtimeVersion(): string {
  return ort.env.versions.node ?? ort.env.versions.common;
}

async function load(
  model: Uint8Array,
  device: DeviceName,
  threads: number,
  { profile, kept }: { readonly profile?: string; readonly kept?: readonly string[] },
): Promise<ort.InferenceSession> {
  if (device === 'wasm') throw new DeviceError('onnxruntime-node has no wasm');
  return ort.InferenceSession.create(model, {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // A pattern costs one more block of memory, as large as all tensors at their peak: 400 of 1600 MB for ResNet-18 at 224x224.
    enableMemPattern: false,
    // Threads spin while they wait for work; those of an idle session would take this one's cores.
    extra: { session: { force_spinning_stop: '1' } },
    logSeverityLevel: 4,
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
    ...(kept !== undefined && {
      preferredOutputLocation: Object.fromEntries(kept.map((name) => [name, 'gpu-buffer' as const])),
    }),
  });
}

class NodeSession implements Session {
  readonly device: DeviceReport;
  readonly outputNames: readonly string[];
  readonly resident?: Resident;
  readonly #session: ort.InferenceSession;
  readonly #native = new WeakMap<TensorData, ort.Tensor>();
  #disposed = false;

  constructor(session: ort.InferenceSession, device: DeviceReport, kept: readonly string[] | undefined) {
    this.#session = session;
    this.outputNames = session.outputNames.filter((name) => name !== UNRETURNED);
    this.device = device;
    if (kept === undefined) return;
    this.resident = {
      upload: (tensors) => this.#guarded(() => upload(this.#toNative(tensors))),
      run: (feeds, returned) =>
        this.#guarded(async () => {
          const results = await this.#session.run(this.#toNative(feeds), [...returned, ...kept]);
          const tensors = returned.map((name) => [name, toHost(results[name], name)] as const);
          return {
            read: () => Promise.resolve(Object.fromEntries(tensors)),
            kept: Object.fromEntries(kept.map((name) => [name, onDevice(results[name], name)])),
          };
        }),
    };
  }

  async run(feeds: Feeds, outputs: Tensors | readonly string[]): Promise<Tensors> {
    return this.#guarded(async () => {
      const inputs = this.#toNative(feeds);
      if (!isNames(outputs)) {
        await this.#runInto(inputs, this.#toNative(outputs));
        return outputs;
      }
      const results = await this.#session.run(inputs, [...outputs]);
      const tensors = outputs.map(async (name) => [name, await readNative(results[name], name)] as const);
      return Object.fromEntries(await Promise.all(tensors));
    });
  }

  async #guarded<T>(body: () => Promise<T>): Promise<T> {
    expectLive(this.#disposed);
    try {
      return await body();
    } catch (cause) {
      throw runError(cause, this.device.chosen);
    }
  }

  /**
   * Runs with tensors for the results. The binding writes into them and then copies every one into a new array all the
   * same, unless the first output is one that it cannot return: then it stops before copying, with this error, after a
   * run that is complete. A version that can return sequences gives no error.
   */
  async #runInto(inputs: Record<string, ort.Tensor>, outputs: Record<string, ort.Tensor>): Promise<void> {
    if (this.outputNames.length === this.#session.outputNames.length) {
      await this.#session.run(inputs, outputs);
      return;
    }
    try {
      await this.#session.run(inputs, { [UNRETURNED]: null, ...outputs });
    } catch (error) {
      if (!(error instanceof Error) || error.message !== NOT_RETURNED) throw error;
    }
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#session.release();
  }

  #toNative(tensors: Feeds): Record<string, ort.Tensor> {
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, this.#tensor(tensor)]));
  }

  #tensor(tensor: TensorData | DeviceTensor): ort.Tensor {
    if (tensor instanceof GpuTensor) return tensor.native;
    if (!('data' in tensor))
      throw new ModelError('a tensor of another runtime: expected one of onnxruntime-node');
    const known = this.#native.get(tensor);
    if (known !== undefined) return known;
    const native = new ort.Tensor(tensor.dtype, tensor.data as Float32Array, [...tensor.shape]);
    this.#native.set(tensor, native);
    return native;
  }
}

/** A tensor in a buffer of the GPU. */
class GpuTensor implements DeviceTensor {
  readonly dtype: TensorData['dtype'];
  readonly shape: readonly number[];
  readonly native: ort.Tensor;
  #disposed = false;

  constructor(native: ort.Tensor) {
    this.native = native;
    this.dtype = native.type as TensorData['dtype'];
    this.shape = native.dims;
  }

  async read(): Promise<TensorData> {
    return copyNative(this.native);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.native.dispose();
  }
}

// onnxruntime-node 1.30 cannot copy between host and device: `getData` of a tensor on a GPU ends the process. A model that
// returns its input copies, too. One for each dtype, rank and direction, for as long as the process lives.
const copiers = new Map<string, Promise<ort.InferenceSession>>();

async function copier({ type, dims }: ort.Tensor, kept: readonly string[]): Promise<ort.InferenceSession> {
  const key = `${type} ${dims.length} ${kept.join()}`;
  const known = copiers.get(key);
  if (known !== undefined) return known;
  const model = identityModel(type as TensorData['dtype'], dims.length);
  const made = load(model, 'webgpu', 1, { kept });
  copiers.set(key, made);
  return made;
}

/** A tensor of the GPU in the memory of the host. */
async function copyNative(tensor: ort.Tensor): Promise<TensorData> {
  const session = await copier(tensor, []);
  const { y } = await session.run({ x: tensor }, ['y']);
  return toHost(y, 'y');
}

async function upload(tensors: Record<string, ort.Tensor>): Promise<DeviceTensors> {
  const uploaded: Record<string, DeviceTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const session = await copier(tensor, ['y']);
    const { y } = await session.run({ x: tensor }, ['y']);
    uploaded[name] = onDevice(y, name);
  }
  return uploaded;
}

/** A result in the memory of the host; one that was kept on the GPU is copied and freed there. */
async function readNative(tensor: ort.OnnxValue | undefined, name: string): Promise<TensorData> {
  if (tensor?.location !== 'gpu-buffer') return toHost(tensor, name);
  try {
    return await copyNative(tensor);
  } finally {
    tensor.dispose();
  }
}

function onDevice(tensor: ort.OnnxValue | undefined, name: string): DeviceTensor {
  return new GpuTensor(present(tensor, name));
}
