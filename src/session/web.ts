import type {
  TensorData,
  DeviceName,
  DeviceReport,
  Feeds,
  Resident,
  Session,
  SessionOptions,
  Tensors,
} from '../program/index.js';
import type * as Ort from 'onnxruntime-web/wasm';
import { checkWhole, defined } from '../checks.js';
import { DeviceError, messageOf, ModelError } from '../errors.js';
import { checkDevices, firstThatStarts, type Rejected } from './devices.js';
import { GpuReads, GpuTensor, uploadTensor } from './gpu-tensor-web.js';
import { probeWebGpu } from './gpu-web.js';
import { expectLive, isNames, present, reasonOf, runError, toHost } from './native.js';
import { WebRuntime } from './runtime-web.js';
import type { WebDevice } from './wasm-file-web.js';

export { probeWebGpu, type WebGpuProbe } from './gpu-web.js';
export { configureRuntime, type RuntimeOptions } from './wasm-file-web.js';

/** How to get an execution provider that cannot start here. */
const remedies: Readonly<Record<DeviceName, string>> = {
  cpu: 'it runs in Node; in a browser use wasm or webgpu',
  cuda: 'it runs in Node; in a browser use wasm or webgpu',
  webgpu:
    'it needs a browser with WebGPU, a GPU that it accepts and a page from https or localhost; wasm runs everywhere',
  wasm: 'it needs the .wasm file of onnxruntime-web, served as application/wasm where the bundler has put them or where configureRuntime({ wasmPaths }) says',
};

// Separate: bundlers would load both if one expression named them.
const scripts = {
  wasm: () => import('onnxruntime-web/wasm'),
  webgpu: () => import('onnxruntime-web/webgpu'),
};

// Each is one WebAssembly instance for as long as the page or worker lives, also if it could not start.
const runtimes = new Map<WebDevice, Promise<WebRuntime<typeof Ort>>>();

/** The runtime of an execution provider, loaded at its first use: 14 MB for wasm, 27 MB for webgpu. */
function runtimeFor(device: WebDevice): Promise<WebRuntime<typeof Ort>> {
  const known = runtimes.get(device);
  if (known !== undefined) return known;
  const runtime = load(device);
  runtimes.set(device, runtime);
  return runtime;
}

async function load(device: WebDevice): Promise<WebRuntime<typeof Ort>> {
  try {
    return new WebRuntime(await scripts[device](), device);
  } catch (cause) {
    // A script that did not load may load the next time.
    runtimes.delete(device);
    const reason = messageOf(cause);
    throw new DeviceError(`the script of ONNX Runtime does not load: ${reason}`, { cause });
  }
}

/**
 * Loads a model into onnxruntime-web on the first of `devices` that starts, `wasm` or `webgpu`. Throws DeviceError for an
 * unknown device, and when none starts, with what each of them lacks; ModelError for a model that ONNX Runtime refuses.
 *
 * @example
 * const session = await createWebSession(bytes, { devices: ['webgpu', 'wasm'] });
 */
export async function createWebSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const devices = checkDevices(options.devices ?? ['wasm']);
  if (options.threads !== undefined) checkWhole('threads', options.threads, 1);
  return firstThatStarts(devices, (device, rejected) => start(model, device, options, rejected), remedies);
}

async function start(
  model: Uint8Array,
  device: DeviceName,
  options: SessionOptions,
  rejected: readonly Rejected[],
): Promise<Session> {
  if (device !== 'wasm' && device !== 'webgpu') throw new DeviceError('onnxruntime-web does not have it');
  let adapter: string | undefined;
  if (device === 'webgpu') {
    // Checked first: otherwise 27 MB are loaded for nothing.
    const probe = await probeWebGpu();
    if (!probe.usable) throw new DeviceError(probe.reason);
    ({ adapter } = probe);
  }
  const runtime = await runtimeFor(device);
  const kept = device === 'webgpu' ? options.keepOnDevice : undefined;
  const create = ({ InferenceSession }: typeof Ort): Promise<Ort.InferenceSession> =>
    InferenceSession.create(model, {
      executionProviders: [device],
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      // Results that will be read stay there too, until they are read.
      ...(kept && kept.length > 0 && { preferredOutputLocation: 'gpu-buffer' }),
    });
  try {
    const { session, report } = await runtime.start(create, options.threads);
    const about = { chosen: device, runtime: runtime.version, ...report, rejected, ...defined({ adapter }) };
    return new WebSession(runtime, session, about, kept);
  } catch (cause) {
    if (cause instanceof DeviceError) throw cause;
    throw new ModelError(`ONNX Runtime cannot load the model: ${reasonOf(cause)}`, { cause });
  }
}

class WebSession implements Session {
  readonly device: DeviceReport;
  readonly outputNames: readonly string[];
  readonly resident?: Resident;
  readonly #runtime: WebRuntime<typeof Ort>;
  readonly #session: Ort.InferenceSession;
  readonly #reads: GpuReads;
  #disposed = false;

  constructor(
    runtime: WebRuntime<typeof Ort>,
    session: Ort.InferenceSession,
    device: DeviceReport,
    kept: readonly string[] | undefined,
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#reads = new GpuReads(runtime);
    this.outputNames = session.outputNames;
    this.device = device;
    if (kept === undefined) return;
    this.resident = {
      upload: (tensors) =>
        this.#turn(async (ort) => {
          const uploaded = Object.entries(tensors).map(
            async ([name, tensor]) => [name, await uploadTensor(ort, runtime, tensor)] as const,
          );
          return Object.fromEntries(await Promise.all(uploaded));
        }),
      run: (feeds, returned) => this.#turn((ort) => this.#keep(ort, feeds, returned, kept)),
    };
  }

  async run(feeds: Feeds, outputs: Tensors | readonly string[]): Promise<Tensors> {
    const names = isNames(outputs) ? outputs : Object.keys(outputs);
    const tensors = await this.#turn(async (ort) => {
      const results = await this.#session.run(toOrt(ort, feeds), names);
      const read = names.map(async (name) => [name, await download(results[name], name)] as const);
      return Object.fromEntries(await Promise.all(read));
    });
    if (isNames(outputs)) return tensors;
    for (const [name, given] of Object.entries(outputs)) copyInto(given, tensors[name], name);
    return outputs;
  }

  async #keep(
    ort: typeof Ort,
    feeds: Feeds,
    returned: readonly string[],
    kept: readonly string[],
  ): ReturnType<Resident['run']> {
    const results = await this.#session.run(toOrt(ort, feeds), [...returned, ...kept]);
    const onGpu = (name: string): GpuTensor => new GpuTensor(present(results[name], name), this.#runtime);
    const tensors = returned.map(onGpu);
    return {
      read: async () => {
        try {
          const read = await this.#reads.read(tensors);
          return Object.fromEntries(returned.map((name, i) => [name, read[i] as TensorData]));
        } catch (cause) {
          throw runError(cause, this.device.chosen);
        } finally {
          for (const tensor of tensors) tensor.dispose();
        }
      },
      kept: Object.fromEntries(kept.map((name) => [name, onGpu(name)])),
    };
  }

  async #turn<T>(body: (ort: typeof Ort) => Promise<T>): Promise<T> {
    expectLive(this.#disposed);
    try {
      return await this.#runtime.exclusive(body);
    } catch (cause) {
      throw runError(cause, this.device.chosen);
    }
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    try {
      await this.#runtime.exclusive(() => this.#session.release());
    } catch (error) {
      // A runtime that is gone has freed everything.
      if (!(error instanceof DeviceError)) throw error;
    }
  }
}

/**
 * Results for which the caller gave memory. onnxruntime-web 1.30 cannot use it: it would copy a given tensor to
 * WebAssembly, write the result there and drop it. So results come as new arrays, and are copied.
 */
function copyInto(given: TensorData, result: TensorData | undefined, name: string): void {
  const { dtype, shape, data } = present(result, name);
  if (dtype !== given.dtype || data.length !== given.data.length) {
    throw new ModelError(
      `output '${name}': expected ${given.dtype}[${given.shape.join(',')}], got ${dtype}[${shape.join(',')}]`,
    );
  }
  (given.data as Float32Array).set(data as Float32Array);
}

/** Feeds as onnxruntime-web takes them. */
function toOrt({ Tensor }: typeof Ort, feeds: Feeds): Record<string, Ort.Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      if (tensor instanceof GpuTensor) return [name, tensor.native] as const;
      if (!('data' in tensor)) {
        throw new ModelError(
          `input '${name}': expected a tensor of onnxruntime-web, got one of another runtime`,
        );
      }
      return [name, new Tensor(tensor.dtype, tensor.data as Float32Array, tensor.shape)] as const;
    }),
  );
}

/** A result in the memory of the host; one that was kept on the GPU is copied and freed there. */
async function download(tensor: Ort.OnnxValue | undefined, name: string): Promise<TensorData> {
  const value = present(tensor, name);
  if (value.location === 'gpu-buffer') await value.getData(true);
  return toHost(value, name);
}
