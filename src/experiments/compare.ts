import {
  checkTrainingBatch,
  type CrossEntropyOptions,
  type Network,
  type OptimizerOptions,
  type CreateSession,
  type DeviceReport,
  type SessionOptions,
  type LoweringReport,
} from '../program/index.js';
import {
  batches,
  checkDataset,
  type Augmentation,
  type Batch,
  type BatchOptions,
  type Dataset,
  type Normalization,
} from '../data/index.js';
import { defined } from '../checks.js';
import { AbortedError, OptionError } from '../errors.js';
import { checkSetFits, parameterCount, Trainer } from '../train/index.js';
import { gradientNorms, type ParameterGradient } from './gradient-norms.js';
import { checked, positive, whole } from '../schema.js';

/** A network and its label. */
export interface Candidate {
  /** `plain-56`; one for each network of a group. */
  readonly label: string;
  /** Networks of one group share a row of the picture: `with batch norm`. */
  readonly group?: string;
  readonly network: Network;
}

/** How all networks of a comparison are trained. */
export interface CompareRecipe {
  /** Optimizer steps for each network. */
  readonly steps: number;
  readonly batchSize: number;
  /** The same in all steps. */
  readonly learningRate: number;
  /** Default: Adam with PyTorch's defaults. */
  readonly optimizer?: OptimizerOptions;
  /** Seed of the initial weights and of the order of the images; default 0. */
  readonly seed?: number;
}

/** The options of `compareNetworks`. */
export interface CompareOptions extends CompareRecipe, SessionOptions {
  /** Images to train on. */
  readonly data: Dataset;
  /** Default: the mean cross-entropy of the batch. */
  readonly loss?: CrossEntropyOptions;
  readonly normalization?: Normalization;
  readonly augment?: Augmentation;
  /** Form of the step: the fastest here (the default), or standard operators only. */
  readonly target?: 'auto' | 'portable';
  /** The runtime: `createNodeSession` in Node. */
  readonly createSession: CreateSession;
  readonly signal?: AbortSignal;
  /** Called before a network is built; `index` counts from 0. */
  readonly onNetworkStart?: (candidate: Candidate, index: number) => void | Promise<void>;
  readonly onStep?: (event: CompareStep) => void | Promise<void>;
  /** Called when a network is done, with all finished so far: what remains if a comparison is stopped. */
  readonly onNetworkEnd?: (soFar: Comparison) => void | Promise<void>;
}

/** What `onStep` receives. */
export interface CompareStep {
  readonly label: string;
  readonly group?: string;
  /** Counted from 1. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of this batch, before the step. */
  readonly loss: number;
}

/** The result for one network. */
export interface ComparedNetwork {
  readonly label: string;
  readonly group?: string;
  /** The network's own name. */
  readonly network: string;
  /** How many numbers are trained. */
  readonly parameters: number;
  /** Mean training loss of each step's batch, before the step; it ends where the loss is no longer finite. */
  readonly losses: readonly number[];
  /** The step, counted from 1, whose loss was NaN or infinite and with which this network's training ended. */
  readonly divergedAt?: number;
  /** Mean of the last tenth of the losses; NaN where the network diverged. */
  readonly finalLoss: number;
  /** On the first batch: with the initial weights, and with those after the last step. */
  readonly gradients: {
    readonly start: readonly ParameterGradient[];
    readonly end: readonly ParameterGradient[];
  };
  /** Where it ran. */
  readonly device: DeviceReport;
  /** In which form of the step, and why. */
  readonly lowering: LoweringReport;
  readonly seconds: number;
}

/** Networks trained alike. */
export interface Comparison {
  /** Name of the data set. */
  readonly data: string;
  /** Number of classes: guessing has a loss of ln(classes). */
  readonly classes: number;
  /** How all of them were trained. */
  readonly recipe: Required<CompareRecipe>;
  /** In the order in which they were given. */
  readonly networks: readonly ComparedNetwork[];
}

/**
 * Trains networks one after the other by one recipe, on the same batches in the same order, and measures the training
 * loss of each step and the gradients of all parameters before the first step and after the last. A network whose loss
 * is no longer finite ends there and is part of the result.
 *
 * Throws OptionError for options outside their range, AbortedError when `signal` fires.
 *
 * @example
 * const { networks } = await compareNetworks(
 *   [
 *     { label: 'plain', network: cifarResnet(20, { channels: 1, imageSize: 28, shortcut: 'none' }) },
 *     { label: 'residual', network: cifarResnet(20, { channels: 1, imageSize: 28 }) },
 *   ],
 *   { data: embeddedDigits().train, steps: 50, batchSize: 64, learningRate: 5e-4, createSession: createNodeSession },
 * );
 * for (const { label, finalLoss } of networks) console.log(label, finalLoss);
 */
export async function compareNetworks(
  candidates: readonly Candidate[],
  options: CompareOptions,
): Promise<Comparison> {
  const { steps, batchSize, learningRate, seed = 0, data, signal } = options;
  const { optimizer = { kind: 'adam' } } = options;
  checkCompare(candidates, options);
  let comparison: Comparison = {
    data: data.name,
    classes: data.classes.length,
    recipe: { steps, batchSize, learningRate, optimizer, seed },
    networks: [],
  };
  for (const [index, candidate] of candidates.entries()) {
    try {
      signal?.throwIfAborted();
      await options.onNetworkStart?.(candidate, index);
      const result = await trainOne(candidate, { ...options, seed, optimizer });
      comparison = { ...comparison, networks: [...comparison.networks, result] };
      await options.onNetworkEnd?.(comparison);
    } catch (error) {
      if (signal?.aborted !== true || error !== signal.reason) throw error;
      const done = `${comparison.networks.length} of ${candidates.length} networks finished`;
      throw new AbortedError(`the comparison was stopped in ${titleOf(candidate)}; ${done}`, {
        cause: error,
      });
    }
  }
  return comparison;
}

async function trainOne(
  { label, group, network }: Candidate,
  options: CompareOptions & Required<CompareRecipe>,
): Promise<ComparedNetwork> {
  const { steps, learningRate, signal, loss: lossOptions, createSession, devices, threads } = options;
  const gradientOptions = {
    createSession,
    ...(lossOptions && { loss: lossOptions }),
    ...(devices && { devices }),
    ...(threads !== undefined && { threads }),
  };
  const clock = performance.now();
  const trainer = await Trainer.create(network, options);
  const named = { label, ...(group !== undefined && { group }) };
  try {
    const { value: first } = await endless({ ...options, reuse: false }).next();
    const start = await gradientNorms(network, await trainer.readState(), first, gradientOptions);
    const losses: number[] = [];
    let divergedAt: number | undefined;
    for await (const batch of endless({ ...options, reuse: true })) {
      signal?.throwIfAborted();
      const { loss } = await trainer.step(batch, learningRate);
      if (!Number.isFinite(loss)) {
        divergedAt = trainer.steps;
        break;
      }
      losses.push(loss);
      await options.onStep?.({ ...named, step: trainer.steps, steps, loss });
      if (trainer.steps >= steps) break;
    }
    return {
      ...named,
      network: network.name,
      parameters: parameterCount(network),
      losses,
      ...(divergedAt !== undefined && { divergedAt }),
      finalLoss: divergedAt === undefined ? mean(losses.slice(-Math.ceil(steps / 10))) : Number.NaN,
      gradients: {
        start,
        end: await gradientNorms(network, await trainer.readState(), first, gradientOptions),
      },
      device: trainer.device,
      lowering: trainer.lowering,
      seconds: (performance.now() - clock) / 1000,
    };
  } finally {
    await trainer.dispose();
  }
}

/** Whole batches only: a smaller one would need a step of its own, and its loss would be noisier. */
async function* endless(options: CompareOptions & { readonly reuse: boolean }): AsyncGenerator<Batch, never> {
  for (let epoch = 1; ; epoch++) {
    for await (const batch of batches(options.data, { ...orderOf(options, epoch), reuse: options.reuse })) {
      if (batch.size === options.batchSize) yield batch;
    }
  }
}

function orderOf(
  { batchSize, seed = 0, normalization, augment }: CompareOptions,
  epoch: number,
): BatchOptions {
  return { ...normalization, batchSize, shuffle: true, seed, epoch, ...defined({ augment }) };
}

function checkCompare(candidates: readonly Candidate[], options: CompareOptions): void {
  const { data, steps, batchSize, learningRate, seed = 0 } = options;
  if (candidates.length === 0) throw new OptionError('networks: expected at least one, got none');
  checked(whole(1), steps, 'steps');
  checked(whole(1), batchSize, 'batchSize');
  checked(whole(0), seed, 'seed');
  checked(positive(), learningRate, 'learningRate');
  checkDataset(data);
  // Throws for a batch larger than the data set, and for a normalisation or augmentation that does not fit.
  batches(data, orderOf(options, 1));
  const titles = new Set<string>();
  for (const candidate of candidates) {
    const title = titleOf(candidate);
    if (titles.has(title)) throw new OptionError(`networks: expected labels that differ, got ${title} twice`);
    titles.add(title);
    checkSetFits(data, candidate.network);
    checkTrainingBatch(candidate.network, batchSize);
  }
}

/** `plain-56 without batch norm` */
function titleOf({ label, group }: Pick<Candidate, 'label' | 'group'>): string {
  return group === undefined ? label : `${label} ${group}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
