import {
  checkForCpu,
  compileForCpu,
  compileModel,
  findBlockSize,
  optimizerSlots,
  stateLayout,
  type GraphOptions,
  type NamedTensors,
  type Network,
  type TargetModel,
  type TargetState,
} from '../artifacts/index.js';
import { ModelError } from '../errors.js';
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

/** Images in the batch that the forms are compared on: one whole block of 16. */
const CHECK_BATCH = 16;

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
    const lowered: Pick<TargetModel, 'model' | 'state'> =
      blockSize === undefined
        ? { model: compileModel(this.#network, kind, options), state: undefined }
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
  const check = { ...graphOptions(options), blockSize, batch: CHECK_BATCH };
  for (const kind of ['step', 'eval'] as const) {
    try {
      const { equal, differences } = await checkForCpu(
        network,
        kind,
        check,
        run,
        checkFeeds(network, kind, options),
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
  return { target: 'cpu', blockSize, reason: `it gave the portable numbers on a batch of ${CHECK_BATCH}` };
}

/** Pseudo-random feeds, the same each time: the comparison needs no particular numbers, only many different ones. */
function checkFeeds(network: Network, kind: 'step' | 'eval', { optimizer }: ModelOptions): NamedTensors {
  const { parameters, buffers } = stateLayout(network);
  const vector = (size: number, make: (i: number) => number): NamedTensors[string] => ({
    dtype: 'float32',
    shape: [size],
    data: Float32Array.from({ length: size }, (_, i) => make(i)),
  });
  const scalar = (value: number): NamedTensors[string] => ({
    dtype: 'float32',
    shape: [],
    data: Float32Array.of(value),
  });
  const params = new Float32Array(parameters.size);
  for (const { shape, offset, size } of parameters.slots) {
    // Weights at the scale of their initialisation keep activations finite through any depth.
    const fan = Math.max(
      1,
      shape.slice(1).reduce((product, dim) => product * dim, 1),
    );
    const scale = shape.length > 1 ? Math.sqrt(6 / fan) : 0.1;
    for (let i = 0; i < size; i++) params[offset + i] = (noise(offset + i) - 0.5) * 2 * scale;
  }
  const [channels, height, width] = network.input;
  const pixels = CHECK_BATCH * channels * height * width;
  return {
    params: { dtype: 'float32', shape: [params.length], data: params },
    ...(buffers.size > 0 && { buffers: vector(buffers.size, (i) => 0.5 + noise(i)) }),
    input: {
      dtype: 'float32',
      shape: [CHECK_BATCH, channels, height, width],
      data: Float32Array.from({ length: pixels }, (_, i) => noise(i)),
    },
    target: {
      dtype: 'int32',
      shape: [CHECK_BATCH],
      data: Int32Array.from({ length: CHECK_BATCH }, (_, i) => i % network.classes),
    },
    ...(kind === 'step' && {
      ...Object.fromEntries(
        optimizerSlots(optimizer).map((name) => [name, vector(parameters.size, () => 0)]),
      ),
      lr: scalar(1e-3),
      step: scalar(1),
    }),
  };
}

/** A number in [0, 1) from a counter: the multiplicative hash of Knuth, TAOCP 3, 6.4. */
function noise(i: number): number {
  return (Math.imul(i + 1, 0x9e3779b1) >>> 8) / 2 ** 24;
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
