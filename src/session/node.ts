import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import { UNRETURNED, withUnreturnedOutput, type TensorData } from '../artifacts/types.js';
import { DeviceError, ModelError } from '../errors.js';
import { checkDevices, checkThreads, firstThatStarts } from './devices.js';
import type { DeviceName, DeviceReport, Session, SessionOptions, Tensors } from './session.js';

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
 * and when none starts, with what each of them lacks.
 *
 * @example
 * const session = await createNodeSession(bytes, { devices: ['cuda', 'cpu'] });
 */
export async function createNodeSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const devices = checkDevices(options.devices ?? ['cpu']);
  const threads = options.threads ?? availableParallelism();
  checkThreads(threads);
  return firstThatStarts(
    devices,
    async (device, rejected) => {
      try {
        const session = await load(
          options.givenResults === true ? withUnreturnedOutput(model) : model,
          device,
          threads,
          options.profile,
        );
        return new NodeSession(session, { chosen: device, runtime: runtimeVersion(), threads, rejected });
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

/** Whether an execution provider can start here; if not, why, and how to get it. */
export interface DeviceProbe {
  readonly device: DeviceName;
  readonly usable: boolean;
  readonly reason: string;
}

/** Tries to load and run a model without inputs on one execution provider. */
export async function probeDevice(device: DeviceName, model: Uint8Array): Promise<DeviceProbe> {
  try {
    const session = await createNodeSession(model, { devices: [device], threads: 1 });
    await session.dispose();
    return { device, usable: true, reason: '' };
  } catch (error) {
    return { device, usable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Version of onnxruntime-node. */
export function runtimeVersion(): string {
  return ort.env.versions.node ?? ort.env.versions.common;
}

async function load(
  model: Uint8Array,
  device: DeviceName,
  threads: number,
  profile: string | undefined,
): Promise<ort.InferenceSession> {
  if (device === 'wasm') throw new DeviceError('onnxruntime-node has no wasm');
  return ort.InferenceSession.create(model, {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // A pattern is one more block of memory as large as all tensors at their peak: 400 of 1600 MB for ResNet-18 at 224x224.
    enableMemPattern: false,
    // Threads spin while they wait for work; those of another session that is done would take this one's cores.
    extra: { session: { force_spinning_stop: '1' } },
    logSeverityLevel: 4,
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
  });
}

class NodeSession implements Session {
  readonly device: DeviceReport;
  readonly outputNames: readonly string[];
  readonly #session: ort.InferenceSession;
  readonly #native = new WeakMap<TensorData, ort.Tensor>();
  #disposed = false;

  constructor(session: ort.InferenceSession, device: DeviceReport) {
    this.#session = session;
    this.outputNames = session.outputNames.filter((name) => name !== UNRETURNED);
    this.device = device;
  }

  async run(feeds: Tensors, outputs: Tensors | readonly string[]): Promise<Tensors> {
    if (this.#disposed) throw new ModelError('the session was disposed of: expected a run before that');
    try {
      const inputs = this.#toNative(feeds);
      if (isNames(outputs)) {
        const results = await this.#session.run(inputs, [...outputs]);
        return Object.fromEntries(outputs.map((name) => [name, fromNative(results[name], name)]));
      }
      await this.#runInto(inputs, this.#toNative(outputs));
      return outputs;
    } catch (error) {
      if (error instanceof ModelError) throw error;
      throw new ModelError(`ONNX Runtime cannot run the model on ${this.device.chosen}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Runs with tensors for the results. The binding writes into them and then copies every one into a new array all the
   * same, unless the first output is one that it cannot return: then it stops before copying, with this error, after a
   * run that is complete. A version that returns sequences gives no error.
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

  #toNative(tensors: Tensors): Record<string, ort.Tensor> {
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, this.#tensor(tensor)]));
  }

  #tensor(tensor: TensorData): ort.Tensor {
    const known = this.#native.get(tensor);
    if (known !== undefined) return known;
    const native = new ort.Tensor(tensor.dtype, tensor.data as Float32Array, [...tensor.shape]);
    this.#native.set(tensor, native);
    return native;
  }
}

/** ONNX Runtime's message as one line, without its own source files, functions and failed conditions. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^\/onnxruntime_src\/.* was false\. /s, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function isNames(outputs: Tensors | readonly string[]): outputs is readonly string[] {
  return Array.isArray(outputs);
}

function fromNative(tensor: ort.OnnxValue | undefined, name: string): TensorData {
  if (tensor === undefined) throw new ModelError(`the model gave no output '${name}'`);
  return {
    dtype: tensor.type as TensorData['dtype'],
    shape: tensor.dims,
    data: tensor.data as TensorData['data'],
  };
}
