import { join } from 'node:path';
import {
  AbortedError,
  OptionError,
  runFiles,
  trainResNet,
  type BatchEnd,
  type Dataset,
  type DataSplit,
  type TrainResult,
} from '../../index.js';
import { ensureFolder } from '../../files-node.js';
import { defineCommand } from '../command.js';
import { note, type Io } from '../io.js';
import { openDataFor } from '../open-data.js';
import { checkModelFits } from '../score.js';
import { shellWord } from '../text.js';
import { alsoTestSet, testAlso } from '../train/also-test.js';
import { jsonReporter } from '../train/report-json.js';
import { terminalReporter } from '../train/report-terminal.js';
import { textReporter } from '../train/report-text.js';
import type { Reporter, RunEnd } from '../train/reporter.js';
import { dataReference, holdsRun, loadRun, locateRun, newRunFolder, saveRun } from '../train/run-folder.js';
import {
  fitToData,
  optionsFor,
  sessionOptions,
  settingsOf,
  trainOptions,
  withClasses,
  type Settings,
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
    ['train --data mnist --out runs/mnist', "the tutorial's recipe, 17 epochs"],
    ['train --data my-images --labels cat,dog --epochs 5', 'a folder of IDX files'],
    ['train --resume runs/mnist', 'go on with an interrupted run'],
    ['train --lr 0.1 --optimizer sgd --momentum 0.9 --scheduler cosine', 'another recipe'],
    [
      'train --preset resnet20-cifar --data cifar10 --random-crop 4 --random-flip --normalize',
      'He et al., 4.2',
    ],
    [
      'train --preset resnet18 --data my-images --init resnet18.safetensors --fresh-head --freeze-except layer4,fc',
      'fine-tuning',
    ],
  ],
  async run(args, io) {
    if (args.init !== undefined && args.resume !== undefined) {
      throw new OptionError('--init and --resume: expected one of them, got both');
    }
    const signal = io.interruptible();
    const resumed = args.resume === undefined ? undefined : await locateRun(args.resume);
    const told = settingsOf(args, resumed && (await loadRun(resumed.folder)));
    const { data, labels } = told;
    const given = args.out ?? resumed?.folder;
    if (given !== undefined) await ensureFolder(given);
    const split = await openDataFor(io, { data, labels, cacheDir: args.cacheDir }, signal);
    const also = await alsoTestSet(io, { given: args.alsoTest, data, cacheDir: args.cacheDir });
    if (also !== undefined) checkAlso(split, also);
    const settings = fitToData(args, told, split);
    const out = given ?? (await newRunFolder(settings.preset, data));
    if (resumed === undefined && (await holdsRun(out))) {
      note(io, `${out} holds an earlier run, whose files are replaced`);
    }
    const reporter = reporterFor(args, io);
    let last: BatchEnd | undefined;
    try {
      const result = await trainResNet({
        ...optionsFor(args, settings),
        data: withClasses(split, settings.network.classes),
        out,
        signal,
        ...(resumed && { resume: resumed.checkpoint }),
        onStart: async (info) => {
          const run = { ...settings, data: dataReference(data) };
          await saveRun(out, run);
          reporter.start({
            ...info,
            run,
            out,
            ...(resumed && { resumed: resumed.checkpoint }),
            ...(args.init !== undefined && { init: args.init }),
          });
        },
        onBatchEnd: (event) => {
          last = event;
          reporter.step(event);
        },
        onEpochEnd: (record) => {
          reporter.epoch(record, settings.epochs);
        },
      });
      const tested = also && (await testAlso(result.model, also, { ...sessionOptions(args), signal }));
      const wantsMnist = also === undefined && data === 'digits' && args.alsoTest === undefined;
      reporter.done({
        ...endOf(result, out, settings),
        testData: split.test.name,
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

function reporterFor({ json, logEvery }: TrainArgs, io: Io): Reporter {
  if (json) return jsonReporter(io, logEvery ?? 100);
  return (io.stdout.isTTY === true ? terminalReporter : textReporter)(io, logEvery ?? 0);
}

/** Throws before the training rather than after it. */
function checkAlso({ train }: DataSplit, also: Dataset): void {
  const { channels, height, width, classes } = train;
  checkModelFits({ input: [channels, height, width], classes }, also, 'the network');
}

function endOf(
  { files, model, testAccuracy, testLoss, history, seconds, device }: TrainResult,
  out: string,
  { data }: Settings,
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
