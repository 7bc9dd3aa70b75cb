import { join } from 'node:path';
import {
  AbortedError,
  isPictureDataset,
  OptionError,
  runFiles,
  readRun,
  trainResNet,
  type BatchEnd,
  type Dataset,
  type DataSplit,
  type RunSpec,
  type TrainResult,
} from '../../index.js';
import { ensureFolder } from '../../files-node.js';
import { defined } from '../../checks.js';
import { picturePreset } from '../../train/spec/pictures.js';
import { runFields } from '../../train/spec/run.js';
import { defineCommand } from '../command.js';
import { note, type Io } from '../io.js';
import { openDataFor } from '../open-data.js';
import { reportData } from '../train/data-report.js';
import { checkModelFits } from '../score.js';
import { shellWord } from '../text.js';
import { alsoTestSet, testAlso } from '../train/also-test.js';
import { jsonReporter } from '../train/report-json.js';
import { terminalReporter } from '../train/report-terminal.js';
import { textReporter } from '../train/report-text.js';
import type { Reporter, RunEnd, RunStart } from '../train/reporter.js';
import { holdsRun, loadRun, locateRun, newRunFolder } from '../train/run-folder.js';
import {
  fallbackLabels,
  fitToData,
  specOf,
  trainOptions,
  withLabels,
  type TrainArgs,
} from '../train/settings.js';

/** Trains a network. */
export const train = defineCommand({
  name: 'train',
  usage: 'train',
  describe: 'Train a network, write it as .onnx',
  positionals: {},
  options: trainOptions,
  examples: [
    ['train', 'the embedded digits: about a minute, no download'],
    ['train --data photos/', 'your own pictures, in a folder for each class'],
    ['train --data photos/ --image-size 64 --augment strong', 'smaller, and changed more'],
    ['train --data mnist --out runs/mnist', "the tutorial's recipe, 17 epochs"],
    ['train --data my-idx --labels cat,dog --epochs 5', 'a folder of IDX files'],
    ['train --resume runs/mnist', 'go on with an interrupted run'],
    ['train --config runs/mnist/run.json --lr 2e-3 --out runs/b', 'the same with another learning rate'],
    ['train --lr 0.1 --optimizer sgd --momentum 0.9 --scheduler cosine', 'another recipe'],
    [
      'train --preset resnet20-cifar --data cifar10 --random-crop 4 --random-flip --normalize',
      'He et al., 4.2',
    ],
    [
      'train --data photos/ --init resnet18.safetensors --fresh-head --freeze-except layer4,fc',
      'fine-tuning',
    ],
  ],
  async run(args, io) {
    for (const [one, other] of [
      ['init', 'resume'],
      ['config', 'resume'],
    ] as const) {
      if (args[one] !== undefined && args[other] !== undefined) {
        throw new OptionError(`--${one} and --${other}: expected one of them, got both`);
      }
    }
    const signal = io.interruptible();
    const resumed = args.resume === undefined ? undefined : await locateRun(args.resume);
    const base = await baseOf(args, resumed?.folder);
    const told = specOf(args, base);
    const { data, dataOptions } = told;
    const given = told.out ?? resumed?.folder;
    if (given !== undefined) await ensureFolder(given);
    const fallbackClasses = fallbackLabels(told, base);
    const split = await openDataFor(io, told, { signal, fallbackClasses });
    const also = await alsoTestSet(io, {
      ...{ given: args.alsoTest, data, train: split.train, dataOptions, signal },
    });
    if (also !== undefined) checkAlso(split, also);
    const spec = await fitToData(args, withLabels(told, base, split), split, base);
    const usual = isPictureDataset(split.train) ? picturePreset : 'mnist-cnn';
    const out = given ?? (await newRunFolder(spec.preset ?? spec.network?.family ?? usual, data));
    const leftOut = split.report && (await reportData(io, split.report, out));
    if (resumed === undefined && (await holdsRun(out))) {
      note(io, `${out} holds an earlier run, whose files are replaced`);
    }
    const reporter = reporterFor(args, io);
    let last: BatchEnd | undefined;
    try {
      const { $schema: _, format: _f, ...options } = spec;
      const result = await trainResNet({
        ...options,
        openData: () => Promise.resolve(split),
        ...{ out, signal },
        ...(resumed && { resume: resumed.checkpoint }),
        onStart: (info) => {
          const from = resumed === undefined ? { init: spec.init } : { resumed: resumed.checkpoint };
          // What only the run itself could find.
          const said = new Set(split.report?.warnings);
          for (const line of info.data.report?.warnings ?? []) if (!said.has(line)) note(io, line);
          reporter.start({ ...info, out, ...defined(from), ...picturesIn(split) });
        },
        onBatchEnd: (event) => {
          last = event;
          reporter.step(event);
        },
        onEpochEnd: (record) => {
          reporter.epoch(record, spec.epochs);
        },
      });
      const tested = also && (await testAlso(result.model, also, { ...spec, signal }));
      const wantsMnist = also === undefined && data === 'digits' && args.alsoTest === undefined;
      reporter.done({
        ...endOf(result, out, data),
        testData: split.test.name,
        ...defined({ leftOut }),
        ...(tested && { also: tested }),
        ...(wantsMnist && { alsoHint: 'on real MNIST: add --also-test mnist, which downloads it once' }),
      });
    } catch (error) {
      throw error instanceof AbortedError && last !== undefined
        ? new StoppedError(out, last.step, error)
        : error;
    } finally {
      reporter.close();
    }
  },
});

/** What the command line changes: a file, the resumed run (without what was said of its first stretch), or nothing. */
async function baseOf({ config }: TrainArgs, resumed: string | undefined): Promise<RunSpec | undefined> {
  if (config !== undefined) return readRun(config);
  const before = resumed === undefined ? undefined : await loadRun(resumed);
  const once = runFields.filter(({ meta }) => meta.once === true).map(({ name }) => name as string);
  return before && Object.fromEntries(Object.entries(before).filter(([name]) => !once.includes(name)));
}

function reporterFor({ json, logEvery }: TrainArgs, io: Io): Reporter {
  if (json) return jsonReporter(io, logEvery ?? 100);
  return (io.stdout.isTTY === true ? terminalReporter : textReporter)(io, logEvery ?? 0);
}

/** What a reporter tells of pictures. */
function picturesIn({ train, final, report }: DataSplit): Pick<RunStart, 'pictures'> {
  if (!isPictureDataset(train)) return {};
  const found = defined({ valSplit: report?.valSplit, finalCount: final?.count });
  return { pictures: { classes: train.classes, ...found } };
}

/** Throws before the training rather than after it. */
function checkAlso({ train }: DataSplit, also: Dataset): void {
  checkModelFits({ input: train.shape, classes: train.classes }, also, 'the network');
}

function endOf(
  { files, model, testAccuracy, testLoss, finalTest, history, seconds, device }: TrainResult,
  out: string,
  data: string,
): Omit<RunEnd, 'testData'> {
  const path = files['model'] ?? join(out, runFiles.model);
  const last = history.epochs.at(-1);
  return {
    model: path,
    modelBytes: model.byteLength,
    checkpoint: files['checkpoint'] ?? join(out, runFiles.checkpoint),
    history: files['history'] ?? join(out, runFiles.history),
    testAccuracy,
    testLoss,
    ...defined({ finalTest }),
    epochs: last?.epoch ?? 0,
    steps: last?.step ?? 0,
    seconds,
    device: device.chosen,
    next: `npx ort-train predict ${shellWord(path)} --data ${shellWord(data)} --index 0`,
  };
}

/** A run that was interrupted; its checkpoint is written. */
class StoppedError extends AbortedError {
  readonly details: Readonly<Record<string, unknown>>;

  constructor(out: string, step: number, cause: AbortedError) {
    const checkpoint = join(out, runFiles.checkpoint);
    super(
      `stopped after step ${step}; the checkpoint is written. Go on with\n` +
        `  npx ort-train train --resume ${shellWord(checkpoint)}`,
      { cause },
    );
    this.details = { step, checkpoint };
  }
}
