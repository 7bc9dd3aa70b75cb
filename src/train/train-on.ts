import { countParameters } from '../program/index.js';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
  namedWeights,
  stateFrom,
  startingWeights,
} from '../weights/index.js';
import { encodeInferenceModel, plainNormalization, type ModelCard } from '../artifacts/index.js';
import { version } from '../version.js';
import { identityOf, isPictureDataset, preprocessingOf, type DataSplit } from '../data/index.js';
import { dataDefaults } from './data-defaults.js';
import { assert, OptionError } from '../errors.js';
import { defined } from '../checks.js';
import {
  checkFirstImage,
  checkFitOptions,
  mixingOf,
  type FitOptions,
  type ResumePoint,
} from './fit-options.js';
import { fit, startOf } from './fit.js';
import type { EpochRecord, History } from './history.js';
import { cardDate, withoutClock } from './clocks.js';
import { checkClassNames, orderOf, readResumePoint } from './resume.js';
import {
  runFiles,
  type BatchFeed,
  type LiveRun,
  type Platform,
  type StartInfo,
  type TrainOptions,
  type TrainResult,
} from './run-types.js';
import { classNames } from './spec/class-names.js';
import { recipeOf, resolveRun, type Run } from './spec/resolve.js';
import { Trainer } from './trainer.js';
import { keptTuning, tuningFor } from './tuning-resume.js';

/** Trains a network from start to `.onnx`; `train/node.ts` gives it files and the Node runtime. */
export async function trainOn(platform: Platform, options: TrainOptions): Promise<TrainResult> {
  const started = performance.now();
  checkHalves(options.data);
  // A mistake in the environment is reported before the training, not after it.
  cardDate();
  const defaults = await dataDefaults(options, options.data, options.init);
  const run = resolveRun(options, { ...platform.named, ...options.resume?.start }, defaults);
  const { network, spec } = run;
  const { optimizer, batchSize } = spec;
  const { augment } = run;
  const fitOptions: FitOptions = { ...spec, scheduler: run.scheduler, ...defined({ augment }) };
  checkFitOptions(options.data, network, fitOptions);
  await checkFirstImage(options.data.train, fitOptions);
  const images = identityOf(options.data.train);
  const from = startingPoint(options, run, images);
  const trainer = await Trainer.create(network, {
    ...spec,
    createSession: platform.createSession,
    softTargets: mixingOf(spec, network) !== undefined,
    ...(from && { state: from.state, step: from.progress.step }),
    ...(platform.tuning && {
      tuning: tuningFor(platform.tuning, batchSize, from?.resume && from.progress.extra),
    }),
  });
  const tuning = keptTuning(trainer.lowering, batchSize);
  const files: Record<string, string> = {};
  const save = async (
    name: keyof typeof runFiles,
    content: Uint8Array | string,
  ): Promise<string | undefined> => {
    const path = await platform.save?.(runFiles[name], content);
    if (path !== undefined) files[name] = path;
    return path;
  };
  const checkpointAt = async (point: ResumePoint): Promise<Uint8Array> =>
    encodeCheckpoint(network, optimizer, {
      state: await trainer.readState(),
      progress: {
        step: trainer.steps,
        epoch: point.epoch,
        extra: {
          ...{ ...point, epochs: point.epochs.map(withoutClock) },
          ...{ order: orderOf(spec), images, classes: options.data.train.classes },
          ...tuning,
        },
      },
    });
  const card = (last: EpochRecord | undefined): ModelCard => ({
    network: network.name,
    input: network.input,
    classes: classNames(network.classes, options.data.train.classes),
    normalization: { ...plainNormalization(network.input[0]), ...spec.normalization },
    ...(isPictureDataset(options.data.train) && { preprocessing: preprocessingOf(options.data.train) }),
    provenance: provenanceOf(options, run, images, trainer.steps, last),
  });
  const modelAt = async (last: EpochRecord | undefined): Promise<Uint8Array> =>
    encodeInferenceModel(network, namedWeights(network, await trainer.readState()), {
      ...card(last),
      foldBatchNorm: spec.foldBatchNorm,
    });
  let now = from?.resume ?? startOf(fitOptions);
  const live: LiveRun = {
    trainer,
    card: () => card(now.epochs.at(-1)),
    checkpoint: () => Promise.resolve(checkpointAt(now)),
    model: () => Promise.resolve(modelAt(now.epochs.at(-1))),
  };
  let feed: BatchFeed | undefined;
  try {
    feed = await platform.openFeed?.(options.data, trainer.device, augment);
    const report = feed && { prefetch: feed.report };
    const historyOf = (history: Partial<History>): string =>
      json({ ...history, lowering: trainer.lowering, ...report });
    await platform.onReady?.(live);
    if (run.isWhole) await save('run', runText(spec));
    const warnings = drawnAnew(options.data, from?.progress.extra, images);
    await options.onStart?.({ ...startInfo(trainer, options, run, warnings), ...report });
    const { signal, onBatchEnd, onEpochEnd } = options;
    const { changeBatch, betweenRuns } = platform;
    const { point, ...history } = await fit(trainer, options.data, {
      ...fitOptions,
      ...defined({ signal, onBatchEnd, onEpochEnd, changeBatch }),
      ...defined({ batches: feed?.batches, resume: from?.resume, resumedFrom: options.resume?.name }),
      ...(betweenRuns && {
        betweenRuns: (at) => {
          now = at;
          return betweenRuns();
        },
      }),
      onCheckpoint: async (at) => {
        now = at;
        await save('history', historyOf({ epochs: at.epochs }));
        return save('checkpoint', await checkpointAt(at));
      },
    });
    const last = history.epochs.at(-1);
    assert(last, 'a run without epochs');
    const { final } = options.data;
    const finalTest =
      final &&
      (await trainer.evaluate(final, {
        batchSize,
        ...defined({ normalization: spec.normalization, signal, batches: feed?.batches, betweenRuns }),
      }));
    const model = await modelAt(last);
    await save('model', model);
    await save('history', historyOf(history));
    return {
      network,
      history,
      testAccuracy: last.testAccuracy,
      testLoss: last.testLoss,
      ...(final && finalTest && { finalTest: { ...finalTest, data: final.name } }),
      device: trainer.device,
      lowering: trainer.lowering,
      ...report,
      model,
      checkpoint: await checkpointAt(point),
      files,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    try {
      await platform.onEnd?.(live);
    } finally {
      await feed?.dispose();
      await trainer.dispose();
    }
  }
}

/** For callers without TypeScript; what the halves hold is checked with the other options. */
function checkHalves(data: unknown): void {
  const halves = (typeof data === 'object' && data !== null ? data : {}) as Partial<DataSplit>;
  for (const half of ['train', 'test'] as const) {
    if (typeof halves[half] !== 'object') {
      throw new OptionError(`data: expected a data set with train and test, got one without ${half}`);
    }
  }
}

/** The checkpoint or the weights to start from. */
function startingPoint(
  { init, resume, data }: TrainOptions,
  { network, spec }: Run,
  images: string,
): (Checkpoint & { readonly resume?: ResumePoint }) | undefined {
  const { optimizer, seed, freshHead } = spec;
  if (init !== undefined && resume !== undefined) {
    throw new OptionError('init and resume: expected one of them, got both');
  }
  if (freshHead && init === undefined && resume === undefined) {
    throw new OptionError('freshHead: expected weights to start from (init), got none');
  }
  if (resume !== undefined) {
    const checkpoint = decodeCheckpoint(network, optimizer, resume.bytes, resume.name);
    checkClassNames(checkpoint.progress.extra, data.train, resume.name);
    return { ...checkpoint, resume: readResumePoint(checkpoint, resume.name, spec, resume.epochs, images) };
  }
  if (init === undefined) return undefined;
  const weights = startingWeights(network, init, { freshHead, seed });
  return {
    state: stateFrom(network, optimizer, weights),
    progress: { step: 0, epoch: 0, extra: null },
  };
}

/** What it means that a run goes on with other pictures, of which the test part is drawn by their number. */
function drawnAnew({ report, train }: DataSplit, extra: unknown, images: string): readonly string[] {
  const { images: before } = (extra ?? {}) as { readonly images?: string };
  if (before === undefined || before === images || report?.valSplit === undefined) return [];
  return [
    `${train.name}: the pictures are not those that the run began with, so that others are drawn to test with, some of which ` +
      'it was trained with: they make the accuracy look better than it is',
  ];
}

function startInfo(
  trainer: Trainer,
  { data }: TrainOptions,
  { network, spec }: Run,
  warnings: readonly string[],
): StartInfo {
  const { trained, frozen } = countParameters(network);
  const { epochs, batchSize, learningRate, seed } = spec;
  return {
    version,
    network: network.name,
    parameters: trained,
    frozenParameters: frozen,
    device: trainer.device,
    lowering: trainer.lowering,
    data: {
      train: data.train.name,
      test: data.test.name,
      trainCount: data.train.count,
      testCount: data.test.count,
      ...(data.report && {
        report: { ...data.report, warnings: [...data.report.warnings, ...warnings] },
      }),
    },
    ...{ epochs, batchSize, learningRate, seed, spec },
  };
}

/** Where the weights come from, for the exported model's metadata. */
function provenanceOf(
  { data, init }: TrainOptions,
  { spec }: Run,
  images: string,
  step: number,
  last: EpochRecord | undefined,
): Readonly<Record<string, unknown>> {
  return {
    ...recipeOf(spec),
    data: data.train.name,
    // With them the same pictures are found again that the run was not trained with.
    ...(data.report?.valSplit && {
      ...{ valSplit: data.report.valSplit.share, splitSeed: data.report.valSplit.seed },
      trainImages: images,
    }),
    init: init?.name ?? spec.init ?? `seed ${spec.seed}`,
    ...(spec.freshHead && { freshHead: true }),
    step,
    ...(last && { testLoss: last.testLoss, testAccuracy: last.testAccuracy }),
    date: cardDate(),
  };
}

/** A `run.json`. It names no folder to write to, so that repeating the run does not overwrite it. */
function runText({ out: _, ...spec }: Run['spec']): string {
  return json(spec);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
