import {
  checkTrainingBatch,
  countParameters,
  type CrossEntropyOptions,
  type Network,
  type OptimizerOptions,
  type LabelledBatch,
  Program,
  type TrainingState,
  type LoweringReport,
  type CreateSession,
  type DeviceReport,
  type SessionOptions,
  type Tensors,
  type TuningOptions,
} from '../program/index.js';
import { checkState, freshState } from '../weights/index.js';
import { batches, type BatchSource, type Dataset, type Normalization } from '../data/index.js';
import { assert, OptionError } from '../errors.js';
import type { Evaluation } from './history.js';
import { checkPositive, checkWhole } from '../checks.js';

/** The options of a trainer. */
export interface TrainerOptions extends SessionOptions {
  /** Default: Adam with PyTorch's defaults. */
  readonly optimizer?: OptimizerOptions;
  /** Default: the mean cross-entropy of the batch. */
  readonly loss?: CrossEntropyOptions;
  /**
   * Largest L2 norm of the gradient of all trained parameters together: a larger gradient is scaled down to it, as PyTorch's
   * `clip_grad_norm_` does. Default: none.
   */
  readonly clipNorm?: number;
  /**
   * Whether each batch that is trained on has `targets`, probabilities of the classes, of which the loss is then; `correct`
   * counts its labels all the same. Default false.
   */
  readonly softTargets?: boolean;
  /**
   * Batches per optimizer step, which uses the mean of their gradients; running statistics move with each batch. Default 1.
   */
  readonly accumulate?: number;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
  /** State to start from instead, e.g. a checkpoint's; it is copied. */
  readonly state?: TrainingState;
  /** Steps already taken, for Adam's bias correction; default 0. */
  readonly step?: number;
  /** Default `auto`: the device's own form of the step where there is one and it computes the same. */
  readonly target?: 'auto' | 'portable';
  /**
   * Measures once, for a few seconds at most, which forms of the convolutions are fastest on this machine; the numbers then
   * depend on those choices in their last digits. Default: a written heuristic chooses.
   */
  readonly tuning?: TuningOptions;
  /** The runtime: `createNodeSession` in Node. */
  readonly createSession: CreateSession;
}

/** Result of one step: what the batch gave before the weights were updated. */
export interface StepResult {
  /** Mean loss of the batch. */
  readonly loss: number;
  /** How many of the batch got the class of their label; of images that are mixed that is the label of the one that was there. */
  readonly correct: number;
}

/** How a batch is trained on. */
export interface SubmitOptions {
  /** Whether the optimizer takes its step after this batch, however few there are since the last one; default false. */
  readonly endsStep?: boolean;
}

/** A step in progress. */
export interface SubmittedStep {
  /** What the batch gave; call it once. Waits for the device, and rejects if the step fails there. */
  readonly result: () => Promise<StepResult>;
}

/**
 * Trains one network: forward, loss, backward and optimizer in one ONNX Runtime run a step, the state in flat vectors. Where
 * several batches make a step, each is a run forward and backward, and the optimizer one of its own. Holds native memory: call
 * `dispose` when done.
 *
 * @example
 * const trainer = await Trainer.create(network, { createSession: createNodeSession });
 * const { loss } = await trainer.step(batch, 1e-3);
 */
export class Trainer {
  readonly network: Network;
  readonly device: DeviceReport;
  readonly #options: TrainerOptions;
  readonly #program: Program;
  #steps: number;
  /** Batches since the last optimizer step. */
  #pending = 0;
  // Whether a batch of one image was found to be enough.
  #takesOne = false;

  private constructor(network: Network, options: TrainerOptions, program: Program) {
    this.network = network;
    this.device = program.device;
    this.#options = options;
    this.#program = program;
    this.#steps = options.step ?? 0;
  }

  /** Builds the network's programs, loads those for training into the runtime, and draws the state or takes over the given one. */
  static async create(network: Network, options: TrainerOptions): Promise<Trainer> {
    const { optimizer = { kind: 'adam' }, clipNorm, accumulate = 1, state: given, seed = 0 } = options;
    if (clipNorm !== undefined) checkPositive('clip norm', clipNorm);
    checkWhole('accumulate', accumulate, 1);
    const state = given === undefined ? freshState(network, optimizer, seed) : copyOf(given);
    checkState(network, optimizer, state);
    const program = await Program.create(
      network,
      { ...options, optimizer, accumulates: accumulate > 1 },
      state,
    );
    return new Trainer(network, options, program);
  }

  /** Which form of the models the runtime has, and why. */
  get lowering(): LoweringReport {
    return this.#program.lowering;
  }

  /** Whether the device works asynchronously, so that the next step can be submitted before a step's result is read. */
  get isAsynchronous(): boolean {
    return this.#program.isAsynchronous;
  }

  /** Whether the batches that it trains on have `targets`. */
  get hasSoftTargets(): boolean {
    return this.#options.softTargets ?? false;
  }

  /** Optimizer steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /** Whether the last batch made an optimizer step: always, if each batch makes one. */
  get isBetweenSteps(): boolean {
    return this.#pending === 0;
  }

  /** Number of the next batch, from 1, which no other has; that of its step where each step takes one batch. */
  get nextBatch(): number {
    return this.#steps * (this.#options.accumulate ?? 1) + this.#pending + 1;
  }

  /** A copy of the state, read from the device that holds it; without the gradients of batches that have made no step yet. */
  async readState(): Promise<TrainingState> {
    return this.#program.readState();
  }

  /** A copy of the state. Throws ModelError while only a GPU holds it: `readState` reads it from there. */
  get state(): TrainingState {
    return this.#program.state;
  }

  /**
   * Trains on a batch: one optimizer step with learning rate `lr`, or, with `accumulate`, one after that many batches and
   * after one that `endsStep`. Throws OptionError for a batch of other sizes, ShapeError for a batch of one image that leaves
   * batch normalisation one value a channel.
   */
  async step(batch: LabelledBatch, lr: number, options: SubmitOptions = {}): Promise<StepResult> {
    return (await this.submit(batch, lr, options)).result();
  }

  /**
   * Like `step`, but does not wait for the batch's results: a GPU may still be computing when the next step is submitted. The
   * batch's arrays may be reused at once. Results that are requested together are copied in one go.
   *
   * @example
   * const steps = [];
   * for await (const batch of batches(set, options)) steps.push(await trainer.submit(batch, 1e-3));
   * const results = await Promise.all(steps.map(({ result }) => result()));
   */
  async submit(
    batch: LabelledBatch,
    lr: number,
    { endsStep = false }: SubmitOptions = {},
  ): Promise<SubmittedStep> {
    if (!Number.isFinite(lr)) throw new OptionError(`learning rate: expected a finite number, got ${lr}`);
    // The open batch of the portable graph would give 0 / 0 for one value a channel; every larger batch has more.
    if (batch.size === 1 && !this.#takesOne) {
      checkTrainingBatch(this.network, 1);
      this.#takesOne = true;
    }
    const { accumulate = 1 } = this.#options;
    const step = this.#steps + 1;
    const { read } =
      accumulate === 1
        ? await this.#program.run('step', { batch, scalars: { lr, step } })
        : await this.#addGradient(batch);
    this.#pending += 1;
    if (endsStep || this.#pending >= accumulate) {
      if (accumulate > 1)
        await this.#program.run('update', { scalars: { lr, step, batches: this.#pending } });
      this.#pending = 0;
      this.#steps = step;
    }
    return { result: async () => this.#resultOf(await read(), batch.size) };
  }

  /** Layers that draw random numbers draw different ones for each batch: each batch has its own number for that. */
  #addGradient(batch: LabelledBatch): ReturnType<Program['run']> {
    return this.#program.run('grad', {
      batch,
      scalars: { step: this.nextBatch, keep: this.#pending === 0 ? 0 : 1 },
    });
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
      /** Where the batches come from; the function `batches` unless given. */
      readonly batches?: BatchSource;
      /** Called between two runs of the model. */
      readonly betweenRuns?: () => void | Promise<void>;
    } = {},
  ): Promise<Evaluation> {
    const batchSize = Math.min(options.batchSize ?? 64, dataset.count);
    let loss = 0;
    let correct = 0;
    const source = options.batches ?? batches;
    for await (const batch of source(dataset, { ...options.normalization, batchSize, reuse: true })) {
      options.signal?.throwIfAborted();
      const { read } = await this.#program.run('eval', { batch, results: ['loss', 'correct'] });
      const out = await read();
      loss += result(out, 'loss') * batch.size;
      correct += result(out, 'correct');
      await options.betweenRuns?.();
    }
    return { loss: loss / dataset.count, accuracy: correct / dataset.count, correct, count: dataset.count };
  }

  /**
   * The network's outputs for images with the current weights, in evaluation mode: what an exported model would give.
   * Throws OptionError for images of other sizes than the network's.
   *
   * @param images - Normalised as in training, [count, channels, height, width].
   * @returns Logits before the softmax, [count, classes].
   * @example
   * const { images } = await prepareBatch(test, [0, 1, 2]);
   * const logits = await trainer.predict(images, 3);
   */
  async predict(images: Float32Array, count: number): Promise<Float32Array> {
    // The eval model takes the weights as inputs, so that nothing is reloaded after a step; the targets do not matter.
    const batch = { images, labels: new Int32Array(count), size: count };
    const { read } = await this.#program.run('eval', { batch, results: ['logits'] });
    const { logits } = await read();
    assert(logits?.data instanceof Float32Array, 'an eval model without logits');
    return logits.data;
  }

  /** Frees the runtime's memory. */
  async dispose(): Promise<void> {
    await this.#program.dispose();
  }
}

function copyOf({ params, buffers, frozen, slots }: TrainingState): TrainingState {
  const copies = Object.entries(slots).map(([name, vector]) => [name, vector.slice()]);
  return {
    ...{ params: params.slice(), buffers: buffers.slice(), frozen: frozen.slice() },
    slots: Object.fromEntries(copies) as TrainingState['slots'],
  };
}

function result(tensors: Tensors, name: string): number {
  return Number(tensors[name]?.data[0] ?? Number.NaN);
}

/** How many parameters of a network are trained. */
export function parameterCount(network: Network): number {
  return countParameters(network).trained;
}
