import { ModelError } from '../errors.js';
import type { TrainingState } from '../net/index.js';
import { batchTensors, type LabelledBatch } from './batch-tensors.js';
import { chooseTarget, type Choice, type ChoiceOptions } from './choose-target.js';
import { compileFor, type ProgramKind, type TargetModel } from './compile.js';
import { fallbacksIn } from './fallbacks.js';
import { countForms, type LoweringReport } from './lowering-report.js';
import type { DeviceReport, Session, Tensors } from './session.js';
import { ProgramState } from './state.js';
import { devices, portableTarget } from './targets.js';
import type { Network, TensorData } from './types.js';

/** What a run gave besides the new state. */
export interface ProgramRun {
  /** The results; call it once. Waits for the device, and rejects if the run fails there. */
  readonly read: () => Promise<Tensors>;
}

/** What a program is run with. */
export interface RunInputs {
  /** For all kinds but `update`. */
  readonly batch?: LabelledBatch;
  /** `lr`, `step`, `keep`, `batches`: what `buildGraph` says of the kind; one that the network does not need is left out. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** Results wanted, where not all are. */
  readonly results?: readonly string[];
}

interface Loaded extends Omit<TargetModel, 'model'> {
  readonly session: Session;
  /** Where the runtime writes the results that are not state; absent where it makes them. */
  readonly values?: Tensors;
}

/**
 * The graphs of a training run on one target, over one state in one layout: `step` trains on a batch; `grad` adds a batch's
 * gradient to the sum, and `update` lets the optimizer take its mean; `eval` leaves the state alone. They are loaded when
 * they are needed first, for each batch size where the target wants that. Holds native memory: call `dispose` when done.
 *
 * @example
 * const program = await Program.create(network, { optimizer, createSession }, state);
 * const { read } = await program.run('step', { batch, scalars: { lr: 1e-3, step: 1 } });
 * const { loss } = await read();
 */
export class Program {
  readonly device: DeviceReport;
  readonly #network: Network;
  readonly #options: ChoiceOptions;
  readonly #choice: Choice;
  readonly #state: ProgramState;
  readonly #loaded = new Map<string, Loaded>();
  readonly #scalars = new Map<string, TensorData>();
  #lowering: LoweringReport;
  #disposed = false;

  private constructor(network: Network, options: ChoiceOptions, choice: Choice, state: ProgramState) {
    this.#network = network;
    this.#options = options;
    this.#choice = choice;
    this.#state = state;
    this.#lowering = choice.lowering;
    this.device = choice.device;
  }

  /**
   * Decides whether the device's own form takes the portable one's place, and loads what trains.
   *
   * @param state - Becomes the program's own.
   */
  static async create(network: Network, options: ChoiceOptions, state: TrainingState): Promise<Program> {
    const choice = await chooseTarget(network, options);
    const { accumulates = false } = options;
    const { updatesInPlace } = devices[choice.device.chosen];
    const placed = new ProgramState(choice.layout, state, { accumulates, updatesInPlace });
    const program = new Program(network, options, choice, placed);
    const batch = choice.target.anyBatch ? 1 : choice.lowering.tuned?.batchSize;
    if (batch !== undefined) await program.#load(accumulates ? 'grad' : 'step', batch);
    return program;
  }

  /** Which form of the models the runtime has, and why. */
  get lowering(): LoweringReport {
    return this.#lowering;
  }

  /** Whether a run need not be waited for before the next: the device has both the work and the state. */
  get isAsynchronous(): boolean {
    return this.#choice.target.keepsState;
  }

  /** Throws OptionError for a batch of other sizes than the network's, ModelError after `dispose`. */
  async run(kind: ProgramKind, { batch, scalars = {}, results }: RunInputs = {}): Promise<ProgramRun> {
    const { session, inputs, takes, gives, given, values } = await this.#load(kind, batch?.size ?? 1);
    const { resident } = session;
    if (resident !== undefined) await this.#state.placeOn(resident);
    const feeds = {
      ...this.#state.inputs(takes),
      ...(batch && batchTensors(this.#network, batch, kind !== 'eval' && this.#options.softTargets)),
      ...Object.fromEntries(
        Object.entries(scalars)
          .filter(([name]) => inputs.includes(name))
          .map(([name, value]) => [name, this.#scalar(name, value)]),
      ),
    };
    if (values === undefined) {
      const tensors = await session.run(feeds, results ?? given);
      return { read: () => Promise.resolve(tensors) };
    }
    if (resident !== undefined) {
      const { read, kept } = await resident.run(feeds, given);
      this.#state.adopt(gives, kept);
      return { read };
    }
    await session.run(feeds, { ...this.#state.results(gives), ...values });
    this.#state.flip(gives);
    const copies = Object.fromEntries(
      Object.entries(values).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]),
    );
    return { read: () => Promise.resolve(copies) };
  }

  /** A copy of the state, read from the device where it lies; without the sum of gradients. */
  async readState(): Promise<TrainingState> {
    await this.#state.read();
    return this.state;
  }

  /** A copy of the state. Throws ModelError while it is on a device alone: `readState` gets it from there. */
  get state(): TrainingState {
    return this.#state.portable();
  }

  /** Frees the runtime's memory. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#state.dispose();
    const sessions = [...this.#loaded.values()].map(({ session }) => session.dispose());
    // All of them, before what one of them may say.
    for (const end of await Promise.allSettled(sessions)) if (end.status === 'rejected') throw end.reason;
  }

  async #load(kind: ProgramKind, batch: number): Promise<Loaded> {
    if (this.#disposed) throw new ModelError('the trainer was disposed of: expected a step before that');
    const { target, layout, choices } = this.#choice;
    const key = target.anyBatch || kind === 'update' ? kind : `${kind} ${batch}`;
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const { model, ...about } = compileFor(target, this.#network, kind, this.#options, {
      ...{ batch, layout },
      ...(choices && { choices }),
    });
    const isTraining = about.gives.length > 0;
    const session = await this.#options.createSession(model, {
      ...this.#options,
      ...(target.keepsState
        ? { keepOnDevice: this.#state.resultNames(about.gives) }
        : { givenResults: isTraining }),
    });
    const loaded = { ...about, session, ...(isTraining && { values: scalarsOf(about.given) }) };
    if ((kind === 'step' || kind === 'grad') && target !== portableTarget && !this.#lowering.forms) {
      // Until now they were those of the batch that was compared.
      const { forms } = about;
      this.#lowering = { ...this.#lowering, forms: countForms(forms), fallbacks: fallbacksIn(forms) };
    }
    this.#loaded.set(key, loaded);
    return loaded;
  }

  /** The same tensor each time, whose native counterpart a session keeps. */
  #scalar(name: string, value: number): TensorData {
    const tensor = this.#scalars.get(name) ?? scalar();
    this.#scalars.set(name, tensor);
    tensor.data[0] = value;
    return tensor;
  }
}

function scalarsOf(names: readonly string[]): Tensors {
  return Object.fromEntries(names.map((name) => [name, scalar()]));
}

function scalar(): TensorData {
  return { dtype: 'float32', shape: [], data: new Float32Array(1) };
}
