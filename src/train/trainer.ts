import {
  checkTrainingBatch,
  countParameters,
  type CrossEntropyOptions,
  type Network,
  type OptimizerOptions,
  type TensorData,
  batchTensors,
  type LabelledBatch,
  inputsOf,
  PlacedState,
  placeWeights,
  type PlacedWeights,
  StepModels,
  type TrainingState,
  type LoadedModel,
  type LoweringReport,
  type CreateSession,
  type DeviceReport,
  type Feeds,
  type SessionOptions,
  type Tensors,
  type TuningOptions,
} from '../program/index.js';
import { checkState, freshState } from '../weights/index.js';
import { batches, type Dataset, type Normalization } from '../data/index.js';
import { assert, OptionError } from '../errors.js';
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
  /** Default `auto`: the device's own form of the step where there is one and it computes the same. */
  readonly target?: 'auto' | 'portable';
  /**
   * Measures once which forms of the convolutions are the fastest on this machine, at most for seconds; the numbers then
   * depend on those choices in their last digits. Default: a written heuristic chooses.
   */
  readonly tuning?: TuningOptions;
  /** Largest global norm of the gradient; a longer one is scaled down to it. Default: as it is. */
  readonly clipNorm?: number;
  /** Batches whose gradients make one step; default 1. */
  readonly accumulate?: number;
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

/** A step that is under way. */
export interface SubmittedStep {
  /** What the batch gave; to be called once. Waits for the device, and rejects where that fails at the step. */
  readonly result: () => Promise<StepResult>;
}

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
  readonly #models: StepModels;
  readonly #state: PlacedState;
  #steps: number;
  // Whether a batch of one image was found to be enough.
  #takesOne = false;
  readonly #results: Tensors = {
    loss: { dtype: 'float32', shape: [], data: new Float32Array(1) },
    correct: { dtype: 'float32', shape: [], data: new Float32Array(1) },
  };
  readonly #lr: TensorData = { dtype: 'float32', shape: [], data: new Float32Array(1) };
  readonly #count: TensorData = { dtype: 'float32', shape: [], data: new Float32Array(1) };

  private constructor(network: Network, options: TrainerOptions, models: StepModels, state: TrainingState) {
    this.network = network;
    this.device = models.device;
    this.#options = options;
    this.#models = models;
    this.#steps = options.step ?? 0;
    this.#state = new PlacedState(state, models.device.chosen === 'cpu');
  }

  /** Builds the network's step, loads it into the runtime and draws or takes over the state. */
  static async create(network: Network, options: TrainerOptions): Promise<Trainer> {
    const optimizer = optimizerOf(options);
    const { state: given, seed = 0 } = options;
    const state = given === undefined ? freshState(network, optimizer, seed) : copyOf(given);
    checkState(network, optimizer, state);
    const models = await StepModels.create(network, { ...options, optimizer });
    return new Trainer(network, options, models, state);
  }

  /** Which form of the models the runtime has, and why. */
  get lowering(): LoweringReport {
    return this.#models.lowering;
  }

  /** Optimizer steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /** A copy of the state, read from the device where it lies. */
  async readState(): Promise<TrainingState> {
    await this.#state.read();
    return this.state;
  }

  /** A copy of the state. Throws ModelError while it is on a GPU alone: `readState` gets it from there. */
  get state(): TrainingState {
    const none = new Float32Array(0);
    const { params = none, buffers = none, frozen = none, ...slots } = this.#state.portable();
    return { params, buffers, frozen, slots };
  }

  /**
   * One optimizer step on a batch, with learning rate `lr`. Throws OptionError for a batch of other sizes, ShapeError for
   * a batch of one image that leaves batch normalisation one value a channel.
   */
  async step(batch: LabelledBatch, lr: number): Promise<StepResult> {
    return (await this.submit(batch, lr)).result();
  }

  /**
   * As `step`, but does not wait for what the batch gave: a GPU may still be at it when the next step is submitted. The
   * batch's arrays may be used again at once. Results that are asked for together come in one copy.
   *
   * @example
   * const steps = [];
   * for (const batch of batches(set, options)) steps.push(await trainer.submit(batch, 1e-3));
   * const results = await Promise.all(steps.map(({ result }) => result()));
   */
  async submit(batch: LabelledBatch, lr: number): Promise<SubmittedStep> {
    if (!Number.isFinite(lr)) throw new OptionError(`learning rate: expected a finite number, got ${lr}`);
    // The open batch of the portable graph would give 0 / 0 for one value a channel; every larger batch has more.
    if (batch.size === 1 && !this.#takesOne) {
      checkTrainingBatch(this.network, 1);
      this.#takesOne = true;
    }
    const { session, state: layout } = await this.#models.get('step', batch.size);
    await this.#state.moveTo(layout, session.resident);
    this.#lr.data[0] = lr;
    this.#count.data[0] = this.#steps + 1;
    const feeds: Feeds = {
      ...{ ...this.#state.inputs, ...batchTensors(this.network, batch) },
      ...{ lr: this.#lr, step: this.#count },
    };
    const { resident } = session;
    if (resident === undefined) {
      await session.run(feeds, { ...this.#state.results, ...this.#results });
      this.#state.flip();
      this.#steps += 1;
      const result = this.#resultOf(this.#results, batch.size);
      return { result: () => Promise.resolve(result) };
    }
    const { read, kept } = await resident.run(feeds, Object.keys(this.#results));
    this.#state.adopt(kept);
    this.#steps += 1;
    return { result: async () => this.#resultOf(await read(), batch.size) };
  }

  #resultOf(tensors: Tensors, size: number): StepResult {
    const loss = result(tensors, 'loss');
    const isSum = this.#options.loss?.reduction === 'sum';
    return { loss: isSum ? loss / size : loss, correct: result(tensors, 'correct') };
  }

  /** Loss and accuracy on a data set, in evaluation mode. */
  async evaluate(
    dataset: Dataset,
    options: {
      readonly batchSize?: number;
      readonly normalization?: Normalization;
      readonly signal?: AbortSignal;
      /** Called between two runs of the model. */
      readonly betweenRuns?: () => void | Promise<void>;
    } = {},
  ): Promise<Evaluation> {
    await this.#state.read();
    const weights = this.#state.portable(['params', 'buffers', 'frozen']);
    const batchSize = Math.min(options.batchSize ?? 64, dataset.count);
    let loss = 0;
    let correct = 0;
    let used: LoadedModel | undefined;
    let placed: PlacedWeights | undefined;
    try {
      for (const batch of batches(dataset, { ...options.normalization, batchSize, reuse: true })) {
        options.signal?.throwIfAborted();
        const model = await this.#models.get('eval', batch.size);
        if (placed === undefined || model !== used) {
          placed?.dispose();
          placed = await placeWeights(weights, model);
          used = model;
        }
        const out = await model.session.run({ ...placed.inputs, ...batchTensors(this.network, batch) }, [
          'loss',
          'correct',
        ]);
        loss += result(out, 'loss') * batch.size;
        correct += result(out, 'correct');
        await options.betweenRuns?.();
      }
    } finally {
      placed?.dispose();
    }
    return { loss: loss / dataset.count, accuracy: correct / dataset.count, correct, count: dataset.count };
  }

  /**
   * The network's outputs for images with the present weights, in evaluation mode: what an exported model would give.
   * Throws OptionError for images of other sizes than the network's.
   *
   * @param images - Normalised as in training, [count, channels, height, width].
   * @returns Logits before the softmax, [count, classes].
   * @example
   * const logits = await trainer.predict(prepareBatch(test, [0, 1, 2]).images, 3);
   */
  async predict(images: Float32Array, count: number): Promise<Float32Array> {
    // The eval model takes the weights as inputs, so that nothing is loaded anew after a step; no target counts.
    const batch = { images, labels: new Int32Array(count), size: count };
    const { session, state: layout } = await this.#models.get('eval', count);
    await this.#state.read();
    const weights = this.#state.portable(['params', 'buffers', 'frozen']);
    const { logits } = await session.run(
      { ...inputsOf(weights, layout), ...batchTensors(this.network, batch) },
      ['logits'],
    );
    assert(logits?.data instanceof Float32Array, 'an eval model without logits');
    return logits.data;
  }

  /** Frees the runtime's memory. */
  async dispose(): Promise<void> {
    this.#state.dispose();
    await this.#models.dispose();
  }
}

function copyOf({ params, buffers, frozen, slots }: TrainingState): TrainingState {
  const copies = Object.entries(slots).map(([name, vector]) => [name, vector.slice()]);
  return {
    ...{ params: params.slice(), buffers: buffers.slice(), frozen: frozen.slice() },
    slots: Object.fromEntries(copies) as TrainingState['slots'],
  };
}

function optimizerOf({ optimizer = { kind: 'adam' } }: TrainerOptions): OptimizerOptions {
  return optimizer;
}

function result(tensors: Tensors, name: string): number {
  return Number(tensors[name]?.data[0] ?? Number.NaN);
}

/** Number of parameters of a network that are trained. */
export function parameterCount(network: Network): number {
  return countParameters(network).trained;
}
