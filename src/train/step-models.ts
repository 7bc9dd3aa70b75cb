import {
  checkForCpu,
  compileForCpu,
  compileModel,
  findBlockSize,
  type GraphOptions,
  type Network,
  type TargetModel,
  type TargetState,
} from '../artifacts/index.js';
import { ModelError } from '../errors.js';
import { checkFeeds } from './check-feeds.js';
import type { CreateSession, DeviceReport, Session, SessionOptions } from '../session/session.js';

/** Which form of a network's models a run uses. */
export interface LoweringReport {
  /** `cpu`: blocked tensors; `portable`: standard operators only, as the artifacts have them. */
  readonly target: 'portable' | 'cpu';
  /** Channels in a block, for `cpu`. */
  readonly blockSize?: number;
  /** Why this form. */
  readonly reason: string;
}

/** A loaded model and how its flat vectors lie. */
export interface LoadedModel {
  readonly session: Session;
  readonly state: TargetState | undefined;
}

/** What the models are made from. */
export interface ModelOptions extends SessionOptions, GraphOptions {
  readonly createSession: CreateSession;
  /** `auto` (default): the device's own form where it has one and it computes the same; else `portable`. */
  readonly target?: 'auto' | 'portable';
}

/**
 * Images in the batch that the forms are compared on: a whole block of 16 for images up to 64x64, fewer of larger ones, for
 * the comparison must not take longer or more memory than training. Two are the fewest that batch normalisation takes.
 */
function checkBatch({ input: [, height, width] }: Network): number {
  return Math.max(2, Math.min(16, Math.floor((16 * 64 * 64) / (height * width))));
}

/**
 * A network's step and eval models, loaded on demand: one for all batch sizes in the portable form, one for each batch
 * size in a lowered form. Holds native memory: call `dispose` when done.
 */
export class StepModels {
  readonly device: DeviceReport;
  readonly lowering: LoweringReport;
  readonly #network: Network;
  readonly #options: ModelOptions;
  readonly #loaded: Map<string, LoadedModel>;
  #disposed = false;

  private constructor(
    network: Network,
    options: ModelOptions,
    device: DeviceReport,
    lowering: LoweringReport,
    loaded: Map<string, LoadedModel>,
  ) {
    this.#network = network;
    this.#options = options;
    this.device = device;
    this.lowering = lowering;
    this.#loaded = loaded;
  }

  /** Loads the portable step, and decides whether the device's own form takes its place. */
  static async create(network: Network, options: ModelOptions): Promise<StepModels> {
    const model = compileModel(network, 'step', graphOptions(options));
    const session = await options.createSession(model, options);
    try {
      const lowering = await decide(network, options, session.device);
      const loaded = new Map<string, LoadedModel>();
      if (lowering.target === 'portable') loaded.set('step', { session, state: undefined });
      else await session.dispose();
      return new StepModels(network, options, session.device, lowering, loaded);
    } catch (error) {
      await session.dispose();
      throw error;
    }
  }

  /** The step or eval model for batches of this size. */
  async get(kind: 'step' | 'eval', batch: number): Promise<LoadedModel> {
    if (this.#disposed) throw new ModelError('the trainer was disposed of: expected a step before that');
    const { blockSize } = this.lowering;
    const key = blockSize === undefined ? kind : `${kind} ${batch}`;
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const { createSession } = this.#options;
    const options = graphOptions(this.#options);
    const lowered: Pick<TargetModel, 'model'> & Partial<Pick<TargetModel, 'state'>> =
      blockSize === undefined
        ? { model: compileModel(this.#network, kind, options) }
        : compileForCpu(this.#network, kind, { ...options, blockSize, batch });
    const session = await createSession(lowered.model, this.#options);
    const loaded = { session, state: lowered.state };
    this.#loaded.set(key, loaded);
    return loaded;
  }

  /** Frees the runtime's memory. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const { session } of this.#loaded.values()) await session.dispose();
  }
}

/** Compares both forms on a small batch; whatever speaks against the lowered one is the reason in the report. */
async function decide(
  network: Network,
  options: ModelOptions,
  device: DeviceReport,
): Promise<LoweringReport> {
  const portable = (reason: string): LoweringReport => ({ target: 'portable', reason });
  if (options.target === 'portable') return portable('it was asked for');
  if (device.chosen !== 'cpu') return portable(`there is no other form for ${device.chosen} yet`);
  const run = runner(options);
  const blockSize = await findBlockSize(run);
  if (blockSize === undefined) return portable('this ONNX Runtime has no blocked operators on this CPU');
  const batch = checkBatch(network);
  const check = { ...graphOptions(options), blockSize, batch };
  for (const kind of ['step', 'eval'] as const) {
    try {
      const { equal, differences } = await checkForCpu(
        network,
        kind,
        check,
        run,
        checkFeeds(network, kind, options.optimizer, batch),
      );
      if (!equal) {
        const [name, off] = Object.entries(differences).reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
        return portable(
          `the blocked ${kind} differs: ${name} by ${off.toExponential(1)} of its largest number`,
        );
      }
    } catch (error) {
      return portable(
        `the blocked ${kind} does not run: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return { target: 'cpu', blockSize, reason: `it gave the portable numbers on a batch of ${batch}` };
}

function runner(options: ModelOptions): Parameters<typeof findBlockSize>[0] {
  return async (model, feeds) => {
    const session = await options.createSession(model, options);
    try {
      return await session.run(feeds, session.outputNames);
    } finally {
      await session.dispose();
    }
  };
}

function graphOptions({ optimizer, loss }: ModelOptions): GraphOptions {
  return { optimizer, ...(loss && { loss }) };
}
