import {
  checkState,
  compileModel,
  freshState,
  stateLayout,
  type CrossEntropyOptions,
  type Network,
  type OptimizerOptions,
  type TensorData,
  type TrainingState,
} from '../artifacts/index.js';
import { batches, type Dataset, type Normalization } from '../data/index.js';
import { OptionError } from '../errors.js';
import type { CreateSession, DeviceReport, Session, SessionOptions, Tensors } from '../session/session.js';
import type { Evaluation } from './history.js';

/** What a trainer is made from. */
export interface TrainerOptions extends SessionOptions {
  /** Default: Adam with PyTorch's defaults. */
  readonly optimizer?: OptimizerOptions;
  readonly loss?: CrossEntropyOptions;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
  /** State to start from instead, e.g. a checkpoint's; it is copied. */
  readonly state?: TrainingState;
  /** Steps already taken, for Adam's bias correction; default 0. */
  readonly step?: number;
  /** The runtime: `createNodeSession` in Node. */
  readonly createSession: CreateSession;
}

/** Result of one step: what the batch gave before the weights moved. */
export interface StepResult {
  /** Mean loss of the batch. */
  readonly loss: number;
  /** How many of the batch were classified rightly. */
  readonly correct: number;
}

/** Images [size,C,H,W] and class indices [size]. */
export interface LabelledBatch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly size: number;
}

type StateTensors = Readonly<Record<string, TensorData>>;

/**
 * Trains one network: forward, loss, backward and optimizer in one ONNX Runtime run a step, the state in flat vectors.
 * Holds native memory: call `dispose` when done.
 *
 * @example
 * const trainer = await Trainer.create(network, { createSession: createNodeSession });
 * const { loss } = await trainer.step(batch, 1e-3);
 */
export class Trainer {
  readonly network: Network;
  readonly device: DeviceReport;
  readonly #options: TrainerOptions;
  readonly #step: Session;
  #eval: Session | undefined;
  #steps: number;
  // ONNX Runtime reads one set and writes the other, in turn.
  #now: StateTensors;
  #next: StateTensors;
  readonly #results: StateTensors = {
    loss: { dtype: 'float32', shape: [], data: new Float32Array(1) },
    correct: { dtype: 'float32', shape: [], data: new Float32Array(1) },
  };
  readonly #lr: TensorData = { dtype: 'float32', shape: [], data: new Float32Array(1) };
  readonly #count: TensorData = { dtype: 'float32', shape: [], data: new Float32Array(1) };

  private constructor(network: Network, options: TrainerOptions, session: Session, state: TrainingState) {
    this.network = network;
    this.device = session.device;
    this.#options = options;
    this.#step = session;
    this.#steps = options.step ?? 0;
    this.#now = tensorsOf(state);
    this.#next = tensorsOf(state);
  }

  /** Builds the network's step, loads it into the runtime and draws or takes over the state. */
  static async create(network: Network, options: TrainerOptions): Promise<Trainer> {
    const optimizer = optimizerOf(options);
    const state = options.state ?? freshState(network, optimizer, options.seed ?? 0);
    checkState(network, optimizer, state);
    const model = compileModel(network, 'step', { optimizer, loss: options.loss ?? {} });
    return new Trainer(network, options, await options.createSession(model, options), state);
  }

  /** Optimizer steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /** A copy of the state. */
  get state(): TrainingState {
    const { params, buffers, ...slots } = Object.fromEntries(
      Object.entries(this.#now).map(([name, { data }]) => [name, Float32Array.from(data as Float32Array)]),
    );
    return { params: params ?? new Float32Array(0), buffers: buffers ?? new Float32Array(0), slots };
  }

  /** One optimizer step on a batch, with learning rate `lr`. Throws OptionError for a batch of other sizes. */
  async step(batch: LabelledBatch, lr: number): Promise<StepResult> {
    if (!Number.isFinite(lr)) throw new OptionError(`learning rate: expected a finite number, got ${lr}`);
    this.#lr.data[0] = lr;
    this.#count.data[0] = this.#steps + 1;
    const next = Object.fromEntries(
      Object.entries(this.#next).map(([name, tensor]) => [`${name}_next`, tensor]),
    );
    await this.#step.run(
      { ...this.#now, ...this.#batch(batch), lr: this.#lr, step: this.#count },
      { ...next, ...this.#results },
    );
    [this.#now, this.#next] = [this.#next, this.#now];
    this.#steps += 1;
    const loss = result(this.#results, 'loss');
    const isSum = this.#options.loss?.reduction === 'sum';
    return { loss: isSum ? loss / batch.size : loss, correct: result(this.#results, 'correct') };
  }

  /** Loss and accuracy on a data set, in evaluation mode. */
  async evaluate(
    dataset: Dataset,
    options: {
      readonly batchSize?: number;
      readonly normalization?: Normalization;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Evaluation> {
    this.#eval ??= await this.#options.createSession(
      compileModel(this.network, 'eval', {
        optimizer: optimizerOf(this.#options),
        loss: this.#options.loss ?? {},
      }),
      this.#options,
    );
    const { params, buffers } = this.#now;
    const state = { ...(params && { params }), ...(buffers && { buffers }) };
    let loss = 0;
    let correct = 0;
    const batchSize = Math.min(options.batchSize ?? 64, dataset.count);
    for (const batch of batches(dataset, { ...options.normalization, batchSize, reuse: true })) {
      options.signal?.throwIfAborted();
      const out = await this.#eval.run({ ...state, ...this.#batch(batch) }, ['loss', 'correct']);
      loss += result(out, 'loss') * batch.size;
      correct += result(out, 'correct');
    }
    return { loss: loss / dataset.count, accuracy: correct / dataset.count, correct, count: dataset.count };
  }

  /** Frees the runtime's memory. */
  async dispose(): Promise<void> {
    await this.#step.dispose();
    await this.#eval?.dispose();
  }

  #batch({ images, labels, size }: LabelledBatch): Tensors {
    const [channels, height, width] = this.network.input;
    if (images.length !== size * channels * height * width || labels.length !== size) {
      throw new OptionError(
        `batch: expected ${size} images ${channels}x${height}x${width} and ${size} labels, ` +
          `got ${images.length} pixels and ${labels.length} labels`,
      );
    }
    return {
      input: { dtype: 'float32', shape: [size, channels, height, width], data: images },
      target: { dtype: 'int32', shape: [size], data: labels },
    };
  }
}

function optimizerOf({ optimizer = { kind: 'adam' } }: TrainerOptions): OptimizerOptions {
  return optimizer;
}

function tensorsOf({ params, buffers, slots }: TrainingState): StateTensors {
  const vectors = { params, ...(buffers.length > 0 && { buffers }), ...slots };
  return Object.fromEntries(
    Object.entries(vectors).map(([name, data]) => [
      name,
      { dtype: 'float32', shape: [data.length], data: Float32Array.from(data) },
    ]),
  );
}

function result(tensors: Tensors, name: string): number {
  return Number(tensors[name]?.data[0] ?? Number.NaN);
}

/** Number of parameters of a network. */
export function parameterCount(network: Network): number {
  return stateLayout(network).parameters.size;
}
