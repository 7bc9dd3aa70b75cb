import {
  compileFor,
  cpuTarget,
  findBlockSize,
  layoutFor,
  type Target,
  type TargetModel,
  wasmTarget,
  webgpuTarget,
} from './target.js';
import { compileModel } from './compile.js';
import type { GraphOptions } from './graphs.js';
import type { Network, TargetState } from './types.js';
import { ModelError } from '../errors.js';
import { checkTarget, graphOptions, runner, type CheckResult } from './check-target.js';
import { fallbacksIn, wholeNetwork, type Fallback } from './fallbacks.js';
import { keptChecks } from './kept-checks.js';
import type { CreateSession, DeviceReport, Session, SessionOptions } from './session.js';
import { tuneStep, type StepTuning, type TuningOptions } from './tuning.js';

/** Which form of a network's models a run uses. */
export interface LoweringReport {
  /** `portable`: as the artifacts have them; the others are a kind of device's own: `cpu` with blocked tensors. */
  readonly target: 'portable' | Target['name'];
  /** Channels in a block, for `cpu`. */
  readonly blockSize?: number;
  /** Why this form. */
  readonly reason: string;
  /** By operator, where the form is a device's own: how many nodes of the step have which form; known once a step is loaded. */
  readonly forms?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /**
   * What runs in its portable form though the device has forms of its own; none: nothing does. Absent where the portable form
   * was asked for or the device has no other.
   */
  readonly fallbacks?: readonly Fallback[];
  /** How the forms of convolutions were chosen; absent where the written heuristic chose all of them. */
  readonly tuned?: StepTuning['report'];
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
  /** Measures which forms of the convolutions are the fastest; without it the written heuristic chooses. */
  readonly tuning?: TuningOptions;
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
  #lowering: LoweringReport;
  readonly #network: Network;
  readonly #options: ModelOptions;
  readonly #decision: Decision;
  readonly #loaded: Map<string, LoadedModel>;
  #disposed = false;

  private constructor(
    network: Network,
    options: ModelOptions,
    device: DeviceReport,
    decision: Decision,
    loaded: Map<string, LoadedModel>,
  ) {
    this.#network = network;
    this.#options = options;
    this.device = device;
    this.#lowering = decision.lowering;
    this.#decision = decision;
    this.#loaded = loaded;
  }

  /** Decides whether the device's own form takes the portable one's place, and loads the portable step where not. */
  static async create(network: Network, options: ModelOptions): Promise<StepModels> {
    const probed = await probe(options);
    const { device } = probed;
    const decision = device && (await decide(network, options, device, probed));
    if (device !== undefined && decision?.target !== undefined) {
      const models = new StepModels(network, options, device, decision, new Map());
      if (decision.lowering.tuned !== undefined) await models.get('step', decision.lowering.tuned.batchSize);
      return models;
    }
    const model = compileModel(network, 'step', graphOptions(options));
    const session = await options.createSession(model, { ...options, givenResults: true });
    const loaded = new Map([['step', { session, state: undefined }]]);
    // Where not even the probe loads, the session of the step says on which device.
    const reason = decision ?? (await decide(network, options, session.device, {}));
    return new StepModels(network, options, session.device, reason, loaded);
  }

  /** Which form the models have. */
  get lowering(): LoweringReport {
    return this.#lowering;
  }

  /** The step or eval model for batches of this size. */
  async get(kind: 'step' | 'eval', batch: number): Promise<LoadedModel> {
    if (this.#disposed) throw new ModelError('the trainer was disposed of: expected a step before that');
    const { target, choices, layout } = this.#decision;
    const key = target === undefined ? kind : `${kind} ${batch}`;
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const { createSession } = this.#options;
    const options = graphOptions(this.#options);
    const lowered: Pick<TargetModel, 'model'> & Partial<TargetModel> =
      target === undefined || layout === undefined
        ? { model: compileModel(this.#network, kind, options) }
        : compileFor(target, this.#network, kind, options, { batch, layout, ...(choices && { choices }) });
    // A GPU keeps its results; what a GPU does not run in its own form may have results that it does not run at all.
    const stays = this.device.chosen === 'webgpu' && lowered.results !== undefined;
    const session = await createSession(lowered.model, {
      ...this.#options,
      ...(stays
        ? kind === 'step'
          ? { keepOnDevice: lowered.results.filter(isState) }
          : { keepOnDevice: [] }
        : { givenResults: kind === 'step' }),
    });
    const loaded = { session, state: layout };
    if (kind === 'step' && lowered.forms !== undefined && this.#lowering.forms === undefined) {
      // Until now they were those of the batch that was compared.
      const fallbacks = fallbacksIn(lowered.forms);
      this.#lowering = { ...this.#lowering, forms: countForms(lowered.forms), fallbacks };
    }
    this.#loaded.set(key, loaded);
    return loaded;
  }

  /** Frees the runtime's memory. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const { session } of this.#loaded.values()) await session.dispose();
  }
}

type Choices = StepTuning['choices'];

interface Decision {
  readonly lowering: LoweringReport;
  /** Absent: the portable form. */
  readonly target?: Target;
  readonly choices?: Choices;
  /** How the state of the run lies on the target. */
  readonly layout?: TargetState;
}

/** What is known of where sessions run here: the device, if the probe loads at all, and the block of its operators. */
interface Probed {
  readonly device?: DeviceReport;
  readonly blockSize?: number | undefined;
}

async function probe(options: ModelOptions): Promise<Probed> {
  let device: DeviceReport | undefined;
  const blockSize = await findBlockSize(
    runner(options, (session) => {
      ({ device } = session);
    }),
  );
  return { ...(device && { device }), blockSize };
}

/**
 * Chooses the forms of the convolutions, and compares the whole with the portable form on a small batch; whatever speaks
 * against the lowered one is the reason in the report.
 */
async function decide(
  network: Network,
  options: ModelOptions,
  device: DeviceReport,
  probed: Probed,
): Promise<Decision> {
  const portable = (reason: string): Decision => ({ lowering: { target: 'portable', reason } });
  const rejected = (reason: string): Decision => ({
    lowering: { target: 'portable', reason, fallbacks: [wholeNetwork] },
  });
  if (options.target === 'portable') return portable('it was asked for');
  const target = targetOn(device, probed);
  if (typeof target === 'string') return portable(target);
  const { name, blockSize } = target;
  const lowering = { target: name, ...(blockSize !== undefined && { blockSize }) };
  const batch = checkBatch(network);
  const { tuning } = options;
  const kept = tuning && keptChecks(tuning.store, device);
  const reasonOf = ({ isKnown }: CheckResult): string =>
    `it gave the portable numbers on a batch of ${batch}${isKnown ? ', in an earlier run of the same models here' : ''}`;
  let without = '';
  if (tuning !== undefined) {
    const { choices, report: tuned } = await tuneStep(
      target,
      network,
      graphOptions(options),
      tuning,
      options,
    );
    const layout = layoutFor(target, network, graphOptions(options), choices);
    const result = await checkTarget(network, options, target, { batch, choices, layout }, kept);
    const { wrong, nodes = [] } = result;
    if (wrong === undefined) {
      const fallbacks = fallbacksIn(nodes);
      return {
        lowering: { ...lowering, reason: reasonOf(result), fallbacks, tuned },
        target,
        choices,
        layout,
      };
    }
    if (Object.keys(choices).length === 0) return rejected(wrong);
    // Each form gave the heuristic's numbers when it was measured; together they do not.
    without = `; the tuned forms are left out, for with them ${wrong}`;
  }
  const layout = layoutFor(target, network, graphOptions(options));
  const result = await checkTarget(network, options, target, { batch, layout }, kept);
  if (result.wrong !== undefined) return rejected(result.wrong);
  const fallbacks = fallbacksIn(result.nodes ?? []);
  return { lowering: { ...lowering, reason: `${reasonOf(result)}${without}`, fallbacks }, target, layout };
}

/** The form that a device has of its own, or why it has none. */
function targetOn({ chosen }: DeviceReport, { blockSize }: Probed): Target | string {
  if (chosen === 'wasm') return wasmTarget;
  if (chosen === 'webgpu') return webgpuTarget;
  if (chosen !== 'cpu') return `there is no other form for ${chosen} yet`;
  if (blockSize === undefined) return 'this ONNX Runtime has no blocked operators on this CPU';
  return cpuTarget(blockSize);
}

/** Whether a result of a step is part of the next one's state, or of that by pieces: `params_next.0`. */
function isState(result: string): boolean {
  return /_next(\.\d+)?$/.test(result);
}

function countForms(nodes: TargetModel['forms']): NonNullable<LoweringReport['forms']> {
  const counts: Record<string, Record<string, number>> = {};
  for (const { op, form } of nodes) {
    const byForm = (counts[op] ??= {});
    byForm[form] = (byForm[form] ?? 0) + 1;
  }
  return counts;
}
