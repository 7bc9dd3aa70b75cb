import { print, widthOf, type Io } from '../io.js';
import { bytes, count, counted, duration, field, percent, rate, wrap } from '../text.js';
import { runDefaults, runFields } from '../../train/spec/run.js';
import { kebab } from '../command.js';
import { describeImages } from './image-options.js';
import type { AlsoTested } from './also-test.js';
import { shownSteps, type Reporter, type RunEnd, type RunStart } from './reporter.js';
import {
  fallbackLine,
  type BatchEnd,
  type EpochRecord,
  type LoweringReport,
  type PrefetchReport,
  type SchedulerSpec,
} from '../../index.js';

/** Plain lines: one for each epoch and each step shown. */
export function textReporter(io: Io, logEvery: number): Reporter {
  const isShown = shownSteps(logEvery);
  return {
    start(start) {
      print(io, ...startLines(start, widthOf(io.stdout)), '');
    },
    step(event) {
      if (isShown(event)) print(io, stepLine(event));
    },
    epoch({ epoch, trainLoss, trainAccuracy, testLoss, testAccuracy, lr, imagesPerSecond, seconds }, epochs) {
      const parts = [
        `epoch ${epoch}/${epochs}: loss ${trainLoss.toFixed(4)}`,
        `accuracy ${percent(trainAccuracy)}`,
        `test loss ${testLoss.toFixed(4)}`,
        `test accuracy ${percent(testAccuracy)}`,
        `lr ${rate(lr)}`,
        `${count(imagesPerSecond)} images/s`,
        duration(seconds),
      ];
      print(io, parts.join(', '));
    },
    done(end) {
      print(io, '', ...doneLines(end));
    },
    close: () => undefined,
  };
}

/** What else is known about the optimizer, under the names of the options: `clip norm 1`. */
function otherSettings(spec: RunStart['spec']): readonly string[] {
  return runFields.flatMap(({ name, meta: { group } }) => {
    if (group !== 'Optimizer:' || name === 'optimizer' || name === 'loss') return [];
    const [value, usual] = [spec[name], (runDefaults as typeof spec)[name]];
    return value === undefined || value === usual
      ? []
      : [`${kebab(name).replaceAll('-', ' ')} ${JSON.stringify(value)}`];
  });
}

/** What a run is about to do. */
export function startLines(start: RunStart, width: number): string[] {
  const { spec, device, data } = start;
  const set = data.train.replace(/\/train$/, '');
  const { name, options } = spec.scheduler;
  const { kind: optimizer, ...hyper } = spec.optimizer;
  const smoothing = spec.loss?.labelSmoothing ?? 0;
  const recipe = [
    counted(start.epochs, 'epoch'),
    `batches of ${start.batchSize}`,
    `${optimizer}${inBrackets(hyper)}`,
    `lr ${rate(start.learningRate)}`,
    ...(name === 'constantLR' ? [] : [describeScheduler({ name, options })]),
    ...(smoothing > 0 ? [`label smoothing ${smoothing}`] : []),
    ...otherSettings(spec),
    spec.shuffle ? `shuffled with seed ${start.seed}` : 'in file order',
  ].join(', ');
  const frozen = start.frozenParameters === 0 ? '' : `, ${count(start.frozenParameters)} more are frozen`;
  const images = describeImages(spec);
  return [
    ...field('network', `${start.network}, ${count(start.parameters)} parameters${frozen}`),
    ...field(
      'data',
      `${set}: ${counted(data.trainCount, 'image')} to train on, ${count(data.testCount)} to test on`,
      ...picturesOf(start).flatMap((line) => wrap(line, width - 11)),
    ),
    ...field(
      'device',
      `${device.chosen}, ${counted(device.threads, 'thread')}, ONNX Runtime ${device.runtime}`,
      ...device.rejected.flatMap((each) => wrap(`not ${each.device}: ${each.reason}`, width - 11)),
    ),
    ...field(
      'form',
      ...[formOf(start.lowering), ...tunedIn(start.lowering)].flatMap((line) => wrap(line, width - 11)),
    ),
    ...field('falls back', ...fallbacksOf(start.lowering).flatMap((line) => wrap(line, width - 11))),
    ...(start.prefetch === undefined ? [] : field('batches', ...wrap(feedOf(start.prefetch), width - 11))),
    ...field('recipe', ...wrap(recipe, width - 11)),
    ...(images === undefined ? [] : field('images', ...wrap(images, width - 11))),
    ...(start.init === undefined ? [] : field('weights', start.init)),
    ...(start.resumed === undefined ? [] : field('resumed', start.resumed)),
    ...field('run', start.out),
  ];
}

function picturesOf({ pictures, spec: { channels, imageSize = 224 } }: RunStart): readonly string[] {
  if (pictures === undefined) return [];
  const { classes, valSplit, finalCount } = pictures;
  const names = `${classes.slice(0, SHOWN_CLASSES).join(', ')}${classes.length > SHOWN_CLASSES ? ', ...' : ''}`;
  return [
    `${counted(classes.length, 'class', 'classes')}: ${names}; seen as ${channels === 1 ? 'grey' : 'colour'}, ${[imageSize].flat().join('x')}`,
    ...(valSplit === undefined
      ? []
      : [`no test part: ${percent(valSplit.share)} of each class drawn for it, seed ${valSplit.seed}`]),
    ...(finalCount === undefined
      ? []
      : [`tested on the part val after each epoch, on the ${count(finalCount)} of test at the end`]),
  ];
}

/** So many labels are shown. */
const SHOWN_CLASSES = 8;

function fallbacksOf({ fallbacks = [] }: LoweringReport): string[] {
  return fallbacks.map(fallbackLine);
}

/** Which form of the step runs, and why. */
export function formOf({ target, blockSize, reason }: LoweringReport): string {
  return `${blockSize === undefined ? target : `blocks of ${blockSize} channels`}: ${reason}`;
}

function feedOf({ on, reason }: PrefetchReport): string {
  return `prepared ${on ? 'on a thread of their own' : 'between the steps'}: ${reason}`;
}

function tunedIn({ tuned }: LoweringReport): string[] {
  if (tuned === undefined || Object.keys(tuned.choices).length === 0) return [];
  const { choices, fromCache, fromRun, untuned, unsaved } = tuned;
  const from = fromRun > 0 ? 'as in the run before' : `${count(fromCache)} from the cache`;
  const parts = [
    `tuned ${counted(Object.keys(choices).length, 'convolution')} (${from})`,
    ...(untuned > 0 && fromRun === 0 ? [`${count(untuned)} more in later runs`] : []),
    ...(unsaved === undefined ? [] : [`not kept: ${unsaved}`]),
  ];
  return [parts.join(', ')];
}

/** One step. */
export function stepLine({ epoch, step, loss, accuracy, lr, imagesPerSecond }: BatchEnd): string {
  return (
    `step ${step} (epoch ${epoch}): loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}, ` +
    `lr ${rate(lr)}, ${count(imagesPerSecond)} images/s`
  );
}

/** The result of a run. */
export function doneLines({
  testAccuracy,
  testLoss,
  testData,
  finalTest,
  also,
  alsoHint,
  ...end
}: RunEnd): string[] {
  const second = (set: AlsoTested | undefined): string[] =>
    set ? [`${percent(set.accuracy)} on ${set.data}, ${counted(set.count, 'image')}`] : [];
  return [
    ...field(
      'accuracy',
      `${percent(testAccuracy)} on ${testData} (loss ${testLoss.toFixed(4)})`,
      ...second(finalTest),
      ...second(also),
      ...(alsoHint === undefined ? [] : [alsoHint]),
    ),
    ...(end.leftOut === undefined
      ? []
      : field(
          'left out',
          `${counted(end.leftOut.count, 'picture')} that cannot be read, listed in ${end.leftOut.list}`,
        )),
    ...field('model', `${end.model} (${bytes(end.modelBytes)})`),
    ...field('time', `${duration(end.seconds)}, ${counted(end.steps, 'step')}`),
    '',
    ...field('try it', end.next),
  ];
}

/** Columns of the table of epochs on a terminal. */
export const epochHeader = '  epoch       loss  accuracy   test loss  accuracy        lr  images/s     time';

/** A row of the table of epochs. */
export function epochRow(record: EpochRecord, epochs: number): string {
  return [
    `${record.epoch}/${epochs}`.padStart(7),
    record.trainLoss.toFixed(4).padStart(9),
    percent(record.trainAccuracy).padStart(8),
    record.testLoss.toFixed(4).padStart(10),
    percent(record.testAccuracy).padStart(8),
    rate(record.lr).padStart(8),
    count(record.imagesPerSecond).padStart(8),
    duration(record.seconds).padStart(7),
  ].join('  ');
}

/** `stepLR (stepSize 3, gamma 0.5)`; of several: each, with the epoch at which it begins. */
function describeScheduler({ name, options }: SchedulerSpec): string {
  const { schedulers, milestones, ...own } = options;
  if (!Array.isArray(schedulers) || !Array.isArray(milestones)) return `${name}${inBrackets(options)}`;
  return (schedulers as readonly SchedulerSpec[])
    .map((each, i) => {
      const from = i === 0 ? '' : `from epoch ${Number(milestones[i - 1]) + 1} `;
      return `${from}${each.name}${inBrackets({ ...each.options, ...own })}`;
    })
    .join(', ');
}

function inBrackets(options: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(options).map(([name, value]) => `${name} ${String(value)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
