import {
  checkState,
  freshState,
  stateLayout,
  type CrossEntropyOptions,
  type Network,
  type OptimizerOptions,
  type TargetState,
  type TensorData,
  type TrainingState,
} from '../artifacts/index.js';
import { batches, type Dataset, type Normalization } from '../data/index.js';
import { OptionError } from '../errors.js';
import type { CreateSession, DeviceReport, SessionOptions, Tensors } from '../session/session.js';
import type { Evaluation } from './history.js';
import { StepModels, type LoweringReport } from './step-models.js';

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
  /** Default `auto`: the device's own form of the step where there is one and it computes the same. */
  readonly target?: 'auto' | 'portable';
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
  /** Which form of the models the runtime has, and why. */
  readonly lowering: LoweringReport;
  readonly #options: TrainerOptions;
  readonly #models: StepModels;
  // How the state's vectors lie at present: as the model that made the last step has them.
  #layout: TargetState | undefined;
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

  private constructor(network: Network, options: TrainerOptions, models: StepModels, state: TrainingState) {
    this.network = network;
    this.device = models.device;
    this.lowering = models.lowering;
    this.#options = options;
    this.#models = models;
    this.#steps = options.step ?? 0;
    this.#now = tensorsOf(state);
    this.#next = tensorsOf(state);
  }

  /** Builds the network's step, loads it into the runtime and draws or takes over the state. */
  static async create(network: Network, options: TrainerOptions): Promise<Trainer> {
    const optimizer = optimizerOf(options);
    const state = options.state ?? freshState(network, optimizer, options.seed ?? 0);
    checkState(network, optimizer, state);
    const models = await StepModels.create(network, { ...options, optimizer });
    return new Trainer(network, options, models, state);
  }

  /** Optimizer steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /** A copy of the state. */
  get state(): TrainingState {
    const layout = this.#layout;
    const { params, buffers, ...slots } = Object.fromEntries(
      Object.entries(this.#now).map(([name, { data }]) => {
        const vector = Float32Array.from(data as Float32Array);
        return [name, layout === undefined || name === 'buffers' ? vector : layout.fromTarget(vector)];
      }),
    );
    return { params: params ?? new Float32Array(0), buffers: buffers ?? new Float32Array(0), slots };
  }

  /** One optimizer step on a batch, with learning rate `lr`. Throws OptionError for a batch of other sizes. */
  async step(batch: LabelledBatch, lr: number): Promise<StepResult> {
    if (!Number.isFinite(lr)) throw new OptionError(`learning rate: expected a finite number, got ${lr}`);
    const { session, state: layout } = await this.#models.get('step', batch.size);
    this.#moveTo(layout);
    this.#lr.data[0] = lr;
    this.#count.data[0] = this.#steps + 1;
    const next = Object.fromEntries(
      Object.entries(this.#next).map(([name, tensor]) => [`${name}_next`, tensor]),
    );
    await session.run(
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
    const state = this.state;
    let layout: TargetState | undefined;
    let vectors = weightsOf(tensorsOf(state, layout));
    let loss = 0;
    let correct = 0;
    const batchSize = Math.min(options.batchSize ?? 64, dataset.count);
    for (const batch of batches(dataset, { ...options.normalization, batchSize, reuse: true })) {
      options.signal?.throwIfAborted();
      const model = await this.#models.get('eval', batch.size);
      if (model.state !== layout) {
        layout = model.state;
        vectors = weightsOf(tensorsOf(state, layout));
      }
      const out = await model.session.run({ ...vectors, ...this.#batch(batch) }, ['loss', 'correct']);
      loss += result(out, 'loss') * batch.size;
      correct += result(out, 'correct');
    }
    return { loss: loss / dataset.count, accuracy: correct / dataset.count, correct, count: dataset.count };
  }

  /** Frees the runtime's memory. */
  async dispose(): Promise<void> {
    await this.#models.dispose();
  }

  /** Lays the state out as another model wants it. */
  #moveTo(layout: TargetState | undefined): void {
    if (layout === this.#layout) return;
    const { state } = this;
    this.#layout = layout;
    this.#now = tensorsOf(state, layout);
    this.#next = tensorsOf(state, layout);
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

/** The state as tensors that are the trainer's own, laid out for a model. */
function tensorsOf({ params, buffers, slots }: TrainingState, layout?: TargetState): StateTensors {
  const vectors = { params, ...(buffers.length > 0 && { buffers }), ...slots };
  return Object.fromEntries(
    Object.entries(vectors).map(([name, vector]) => {
      const isPlain = layout === undefined || name === 'buffers';
      const data = isPlain ? Float32Array.from(vector) : layout.toTarget(vector);
      return [name, { dtype: 'float32', shape: [data.length], data }];
    }),
  );
}

function weightsOf({ params, buffers }: StateTensors): StateTensors {
  return { ...(params && { params }), ...(buffers && { buffers }) };
}

function result(tensors: Tensors, name: string): number {
  return Number(tensors[name]?.data[0] ?? Number.NaN);
}

/** Number of parameters of a network. */
export function parameterCount(network: Network): number {
  return stateLayout(network).parameters.size;
}
