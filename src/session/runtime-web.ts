import { defined } from '../checks.js';
import { DeviceLostError, type DeviceError } from '../errors.js';
import { planThreads, type ThreadPlan } from './threads-web.js';
import {
  bundledFiles,
  configuredFiles,
  isStartFailure,
  scriptTrouble,
  startError,
  typeNotice,
  WasmRequests,
  type RuntimeFiles,
  type WebDevice,
} from './wasm-file-web.js';

/** The parts of `onnxruntime-web/wasm` and `onnxruntime-web/webgpu` that are used here. */
export interface OrtSettings {
  readonly env: {
    logLevel?: 'verbose' | 'info' | 'warning' | 'error' | 'fatal';
    readonly versions: { readonly web?: string; readonly common: string };
    readonly wasm: { numThreads?: number; wasmPaths?: unknown };
    readonly webgpu: { readonly device: Promise<GPUDevice> };
  };
}

/** What a session's report says of the runtime. */
export interface RuntimeReport {
  readonly threads: number;
  readonly threadsReason?: string;
  readonly notices?: readonly string[];
}

/** Milliseconds within which a browser reports that a device is lost, after a call to it has returned. */
const LOSS_SHOWS = 200;

const delay = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/**
 * Resolves when a lost GPU would have been reported: not some time after the failure, in which a busy machine may do
 * other things, but after an answer of the GPU, which comes the same way as the report of its loss.
 */
async function isAsked({ queue }: GPUDevice): Promise<void> {
  await queue.onSubmittedWorkDone().catch(() => undefined);
  await delay(LOSS_SHOWS);
}

/**
 * One build of onnxruntime-web in this page or worker: a single WebAssembly instance, whose threads are fixed when the first
 * session starts, and which takes one call at a time.
 */
export class WebRuntime<Ort extends OrtSettings> {
  readonly #ort: Ort;
  readonly #device: WebDevice;
  #threads: ThreadPlan | undefined;
  #notices: readonly string[] = [];
  #dead: DeviceError | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  /** The GPU whose loss is watched for. */
  #watched: GPUDevice | undefined;
  readonly #lost: Promise<never>;
  #lose: (error: DeviceLostError) => void = () => undefined;

  constructor(ort: Ort, device: WebDevice) {
    this.#ort = ort;
    this.#device = device;
    this.#lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    // Seen by whatever runs then; by itself it is no failure.
    this.#lost.catch(() => undefined);
    // What goes wrong comes back as an error.
    ort.env.logLevel = 'fatal';
  }

  /** Version of onnxruntime-web. */
  get version(): string {
    return this.#ort.env.versions.web ?? this.#ort.env.versions.common;
  }

  /**
   * Runs calls of the runtime one after the other: two at a time overwrite one another's stack in WebAssembly. Throws
   * DeviceError once the runtime could not start, DeviceLostError once its device is gone.
   */
  async exclusive<T>(call: (ort: Ort) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => {
      if (this.#dead !== undefined) throw this.#dead;
      return this.#unlessLost(call(this.#ort));
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** The result of work on the device; a DeviceLostError if the device is lost before. */
  async #unlessLost<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#lost]);
    } catch (error) {
      // Work that the loss of the device interrupts may fail before the browser reports the loss.
      if (this.#watched !== undefined) await Promise.race([this.#lost, isAsked(this.#watched)]);
      throw error;
    }
  }

  /**
   * Starts a session. `threads` counts for the first one of the page or worker; the reports of later ones say what
   * they have instead.
   */
  async start<Session>(
    create: (ort: Ort) => Promise<Session>,
    threads: number | undefined,
  ): Promise<{ readonly session: Session; readonly report: RuntimeReport }> {
    return this.exclusive(async (ort) => {
      const session = await (this.#threads === undefined ? this.#first(create, threads) : create(ort));
      // Not with the first one only: it may have been refused, e.g. a probe of what the device can do.
      await this.#watchDevice();
      return { session, report: this.#report(threads) };
    });
  }

  /** The first session loads the WebAssembly file and starts its threads. */
  async #first<Session>(
    create: (ort: Ort) => Promise<Session>,
    threads: number | undefined,
  ): Promise<Session> {
    const configured = configuredFiles(this.#device);
    const { plan, files } = await this.#plan(threads, configured ?? bundledFiles(this.#device));
    const { wasm } = this.#ort.env;
    wasm.numThreads = plan.threads;
    const paths = files ?? (configured && { wasm: configured.wasm });
    if (paths !== undefined) wasm.wasmPaths = paths;
    const requests = new WasmRequests();
    try {
      const session = await create(this.#ort);
      this.#notices = await typeNotice(await requests.stop());
      return session;
    } catch (cause) {
      const url = await requests.stop();
      if (!isStartFailure(cause)) throw cause;
      // ONNX Runtime gives the reason for the first attempt only; later ones say that an earlier one has failed.
      this.#dead = await startError(cause, paths?.wasm ?? url);
      throw this.#dead;
    } finally {
      this.#threads = plan;
    }
  }

  /** How many threads, and the files for them where there is more than one. */
  async #plan(
    asked: number | undefined,
    files: RuntimeFiles,
  ): Promise<{ readonly plan: ThreadPlan; readonly files?: RuntimeFiles }> {
    // On a GPU one thread is enough: those of the CPU would wait for it.
    const plan = planThreads(asked ?? (this.#device === 'webgpu' ? 1 : undefined));
    if (plan.threads === 1) return { plan };
    const trouble = await scriptTrouble(files.mjs);
    if (trouble === undefined) return { plan, files };
    return { plan: { threads: 1, reason: `one thread instead of ${plan.threads}: ${trouble}` } };
  }

  async #watchDevice(): Promise<void> {
    if (this.#device !== 'webgpu' || this.#watched !== undefined) return;
    this.#watched = await this.#ort.env.webgpu.device;
    void this.#watched.lost.then(({ message }) => {
      const said = message === '' ? 'the browser says no more' : message.replace(/\.$/, '');
      const error = new DeviceLostError(`the GPU was lost: ${said}`);
      this.#dead = error;
      this.#lose(error);
    });
  }

  #report(asked: number | undefined): RuntimeReport {
    const { threads, reason } = this.#threads ?? { threads: 1 };
    const fixed = `${threads} threads, as the first session of this page or worker was given; they cannot be changed later`;
    const differs = asked !== undefined && asked !== threads && reason === undefined;
    const threadsReason = differs ? fixed : reason;
    return {
      threads,
      ...defined({ threadsReason, notices: this.#notices.length > 0 ? this.#notices : undefined }),
    };
  }
}
