import type { ModelCard } from '../artifacts/index.js';
import { version } from '../version.js';
import { WorkerError } from '../errors.js';
import type { PixelImage, Prediction } from '../export/index.js';
import type { Caller } from './caller.js';
import { linkWorker, saveWhenHidden, watchWorker, type WorkerLink } from './link-web.js';
import type {
  Mistake,
  PrepareOptions,
  StoredRun,
  WorkerEnvironment,
  WorkerSetup,
  WorkerTrainOptions,
  WorkerTrainResult,
} from './protocol.js';
import type { RunOnPage } from './run-on-page.js';

/** How a worker is started. */
export interface WorkerStartOptions {
  /**
   * The worker, or the address of its script; default: the script beside this module, which Vite, webpack, Rollup and
   * Parcel find and bundle by themselves.
   */
  readonly worker?: Worker | URL | string;
  /** URL of the folder with onnxruntime-web's `.wasm` files; default: where the bundler has put them. */
  readonly wasmPaths?: string;
  /** Name under which runs are stored unless they say otherwise; default `default`. */
  readonly checkpointKey?: string;
  /** Data that the worker prepares before they are asked for, so that a run starts earlier. */
  readonly prepare?: PrepareOptions;
  /** Milliseconds after which a worker that does not answer counts as failed; default 60,000. */
  readonly timeout?: number;
}

/** How long `start` waits at most unless told otherwise: a slow network loads the scripts, 1 MB, in that time. */
const START_TIMEOUT = 60_000;

/**
 * Trains and classifies in a Web Worker, so that the page stays responsive: graphs, data, training, evaluation and export
 * all run there. One run at a time; `predict`, `mistakes`, `teach`, `exportModel` and `save` work during it, between
 * two steps. Errors have the classes and messages that they would have in the page. Call `dispose` when done.
 *
 * A worker that is lost (ended by the browser, out of memory) rejects every pending call with a WorkerError; start
 * another one and resume with `train({ resume: 'stored' })`.
 *
 * @example
 * const worker = await TrainingWorker.start();
 * const run = worker.train({ preset: 'mnist-cnn', onBatchEnd: ({ step, loss }) => plot(step, loss) });
 * const { label } = await worker.predict(image); // while it trains
 * const { testAccuracy, model } = await run;
 */
export class TrainingWorker {
  /** What the worker found in its environment. */
  readonly environment: WorkerEnvironment;
  readonly #worker: Worker;
  readonly #caller: Caller;
  readonly #listening: AbortController;
  readonly #runs: RunOnPage;

  private constructor(environment: WorkerEnvironment, parts: WorkerLink) {
    this.environment = environment;
    this.#worker = parts.worker;
    this.#caller = parts.caller;
    this.#listening = parts.listening;
    this.#runs = parts.runs;
  }

  /**
   * Starts a worker and waits until it answers. Throws WorkerError where its script cannot be loaded or belongs to another
   * version of ort-train, DeviceError for `wasmPaths` that are no URL.
   */
  static async start(options: WorkerStartOptions = {}): Promise<TrainingWorker> {
    const parts = linkWorker(options.worker);
    const { worker, caller, listening } = parts;
    const { timeout = START_TIMEOUT, checkpointKey = 'default', wasmPaths, prepare } = options;
    const alive = `ort-train worker ${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`;
    const setup: WorkerSetup = {
      ...{ version, alive, checkpointKey },
      ...(wasmPaths !== undefined && { wasmPaths }),
      ...(prepare && { prepare }),
    };
    const late = setTimeout(() => {
      caller.lose(
        new WorkerError(`the worker did not answer within ${timeout} ms: is its script served, and whole?`),
      );
    }, timeout);
    try {
      const { environment, holdsLock } = await caller.call('setUp', [setup]);
      if (holdsLock) watchWorker(alive, caller, listening.signal);
      saveWhenHidden(caller, parts.runs, listening.signal);
      return new TrainingWorker(environment, parts);
    } catch (error) {
      listening.abort();
      worker.terminate();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /**
   * Trains from start to `.onnx`, or resumes from a checkpoint. Rejects with OptionError during another run, and as
   * `trainResNet`; with AbortedError after `stop` or the signal; with StorageError where another page trains under the
   * same `checkpointKey`; with what a callback threw.
   */
  train(options: WorkerTrainOptions = {}): Promise<WorkerTrainResult> {
    return this.#runs.train(options);
  }

  /** Pauses the run after its current step; resolves then, or at once if there is no run. */
  pause(): Promise<void> {
    return this.#caller.call('pause', []);
  }

  /** Continues a paused run. */
  resume(): Promise<void> {
    return this.#caller.call('resume', []);
  }

  /** Ends the run after its current step, with a checkpoint; `train` rejects with AbortedError. Resolves when it has ended. */
  stop(): Promise<void> {
    return this.#caller.call('stop', []);
  }

  /**
   * Stores the run as it is now, under its `checkpointKey`. Throws StorageError if storage is full or refused,
   * OptionError if there is no run or it has no key.
   */
  save(): Promise<StoredRun> {
    return this.#caller.call('save', []);
  }

  /**
   * Classifies with the current weights: of the run in progress, of the last one, or of a loaded model, whichever came last.
   * Throws DataError for an image of another size, OptionError if there is no network yet.
   */
  predict(image: PixelImage): Promise<Prediction> {
    return this.#caller.call('predict', [image]);
  }

  /**
   * At most `limit` images of the run's test set that the current weights classify wrongly, in the set's order.
   * For a loaded digit classifier without a run, of the embedded digits' test set.
   */
  mistakes(limit: number): Promise<readonly Mistake[]> {
    return this.#caller.call('mistakes', [limit]);
  }

  /**
   * Adds an image to what is trained on, at once, also during a run; it stays for later runs. Up to an eighth of each
   * batch is given to taught images, in turn. Throws OptionError for a label that is no class, DataError for another size.
   *
   * @param label - Class index.
   * @returns How many images have been taught.
   */
  teach(image: PixelImage, label: number): Promise<number> {
    return this.#caller.call('teach', [image, label]);
  }

  /** The current weights, chosen as by `predict`, as a deployable `.onnx`. */
  exportModel(): Promise<Uint8Array> {
    return this.#caller.call('exportModel', []);
  }

  /**
   * Loads an exported `.onnx` and classifies with it from now on, until a run begins. Throws ModelError as `loadClassifier`.
   *
   * @param name - Its name in errors.
   */
  loadModel(bytes: Uint8Array, name: string): Promise<ModelCard> {
    return this.#caller.call('loadModel', [bytes, name]);
  }

  /**
   * The run that an earlier page left under a key; undefined if there is none. Throws StorageError if what is there is
   * damaged or storage is refused.
   */
  stored(key?: string): Promise<StoredRun | undefined> {
    return this.#caller.call('stored', [key]);
  }

  /** Removes the stored run, even a damaged one. Throws StorageError while a page trains under that key. */
  forget(key?: string): Promise<void> {
    return this.#caller.call('forget', [key]);
  }

  /** Ends the worker at once; pending calls reject. */
  dispose(): void {
    this.#caller.lose(new WorkerError('the worker was disposed of: start another one'));
    this.#listening.abort();
    this.#worker.terminate();
  }
}
