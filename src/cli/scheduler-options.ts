import { linearWarmup, OptionError, schedulerFrom, type Scheduler, type SchedulerSpec } from '../index.js';
import { grouped, kebab } from './command.js';
import { choice, fromZero, list, positive, whole, wholes, type Values } from './options.js';

/** Short names of the schedulers. */
const names = {
  step: 'stepLR',
  multistep: 'multiStepLR',
  exponential: 'exponentialLR',
  cosine: 'cosineAnnealingLR',
  plateau: 'reduceLROnPlateau',
  warmup: 'linearWarmup',
  onecycle: 'oneCycleLR',
  none: 'constantLR',
} as const;

const shortNames = Object.keys(names) as (keyof typeof names)[];

/** The options that each scheduler has. */
const optionsOf: Readonly<Record<string, readonly (keyof typeof parameters)[]>> = {
  stepLR: ['stepSize', 'gamma'],
  multiStepLR: ['milestones', 'gamma'],
  exponentialLR: ['gamma'],
  cosineAnnealingLR: ['tMax', 'etaMin'],
  reduceLROnPlateau: [
    ...(['mode', 'metric', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown'] as const),
    'minLr',
  ],
  linearWarmup: ['startFactor', 'endFactor', 'totalIters'],
  oneCycleLR: ['maxLr', 'totalSteps', 'pctStart'],
  constantLR: [],
};

const parameters = {
  stepSize: whole('step: epochs between two changes', 1),
  milestones: wholes('multistep: epochs at which the rate changes, as 30,60', 0),
  gamma: positive('step, multistep, exponential: factor of each change'),
  tMax: whole('cosine: epochs down to the lowest rate (default: all)', 1),
  etaMin: fromZero('cosine: lowest rate'),
  mode: choice('plateau: whether the metric should fall or rise', ['min', 'max'] as const),
  metric: choice('plateau: auto, trainLoss, testLoss or testAccuracy', [
    'auto',
    'trainLoss',
    'testLoss',
    'testAccuracy',
  ] as const),
  factor: positive('plateau: factor of each reduction'),
  patience: whole('plateau: epochs without improvement that are borne', 0),
  threshold: fromZero('plateau: how much better is an improvement'),
  thresholdMode: choice('plateau: whether the threshold is a share', ['rel', 'abs'] as const),
  cooldown: whole('plateau: epochs after a reduction that do not count', 0),
  minLr: fromZero('plateau: lowest rate'),
  startFactor: positive('warmup: factor of the first epoch'),
  endFactor: fromZero('warmup: factor in the end'),
  totalIters: whole('warmup: epochs in between', 1),
  maxLr: positive('onecycle: highest rate'),
  totalSteps: whole('onecycle: epochs in all (default: all)', 1),
  pctStart: positive('onecycle: share of the epochs in which it rises'),
};

/** The learning-rate scheduler and its options. */
export const schedulerOptions = grouped('Learning rate:', {
  lr: positive('learning rate'),
  scheduler: list(
    `how it changes: ${shortNames.join(', ')}; several, one after the other, with commas`,
    shortNames,
  ),
  switchAt: wholes('several: epochs at which the next begins (default: after a warm-up)', 0),
  ...parameters,
});

/** The scheduler: `base` with what the command line changes, or another one from scratch. */
export function schedulerOf(
  args: Values<typeof schedulerOptions>,
  base: SchedulerSpec,
  epochs: number,
): Scheduler {
  const before = partsOf(base);
  const wanted = args.scheduler?.map((each) => names[each as keyof typeof names]);
  const parts = (wanted ?? before.schedulers.map(({ name }) => name)).map((name, i) => {
    const same = before.schedulers.length === (wanted ?? before.schedulers).length && before.schedulers[i];
    return same && same.name === name ? same : { name, options: undefined };
  });
  checkKnown(
    args,
    parts.map(({ name }) => name),
  );
  const milestones = parts.length === 1 ? [] : switchesOf(args, parts, before);
  const never = milestones.findIndex((begin) => begin >= epochs);
  if (never >= 0 && (args.scheduler ?? args.switchAt ?? args.totalIters) !== undefined) {
    throw new OptionError(
      `--${args.switchAt === undefined ? 'total-iters' : 'switch-at'}: expected every scheduler to begin within ${epochs} epochs, ` +
        `but ${parts[never + 1]?.name ?? 'the next'} would after epoch ${milestones[never] ?? 0}`,
    );
  }
  const schedulers = parts.map(({ name, options }, i): SchedulerSpec => {
    const length = Math.max(1, (milestones[i] ?? epochs) - (milestones[i - 1] ?? 0));
    return {
      name,
      options: { ...(options ?? defaults(name, length, parts.length)), ...givenTo(args, name) },
    };
  });
  const [only] = schedulers;
  if (schedulers.length === 1 && only !== undefined) {
    if (args.switchAt === undefined) return schedulerFrom(only);
    throw new OptionError('--switch-at: it needs several schedulers, as --scheduler warmup,cosine, got one');
  }
  return schedulerFrom({ name: 'sequentialLR', options: { schedulers, milestones } });
}

interface Parts {
  readonly schedulers: readonly SchedulerSpec[];
  readonly milestones?: readonly number[];
}

/** One scheduler, or those that follow one another. */
function partsOf(base: SchedulerSpec): Parts {
  if (base.name !== 'sequentialLR') return { schedulers: [base] };
  // Through the library, which checks what a file says.
  return schedulerFrom(base).options as unknown as Parts;
}

/** Throws OptionError for an option that none of the schedulers has. */
function checkKnown(args: Values<typeof schedulerOptions>, schedulers: readonly string[]): void {
  const known = [...new Set(schedulers.flatMap((name) => optionsOf[name] ?? []))];
  const wrong = (Object.keys(parameters) as (keyof typeof parameters)[]).find(
    (option) => args[option] !== undefined && !known.includes(option),
  );
  if (wrong === undefined) return;
  const short = schedulers.map((name) => shortNames.find((each) => names[each] === name) ?? name);
  const has = known.length === 0 ? 'no options' : known.map((each) => `--${kebab(each)}`).join(', ');
  throw new OptionError(
    `--${kebab(wrong)}: the scheduler ${short.join(', ')} does not have it; it has ${has}`,
  );
}

/** What the command line says of one scheduler; of several that have an option, all get it. */
function givenTo(args: Values<typeof schedulerOptions>, name: string): SchedulerSpec['options'] {
  const entries = (optionsOf[name] ?? []).flatMap((option) => {
    const value = args[option];
    return value === undefined ? [] : [[option, value] as const];
  });
  return Object.fromEntries(entries);
}

/** Epochs at which the next scheduler begins: as told, as before, or where a warm-up in front ends. */
function switchesOf(
  { switchAt, totalIters }: Values<typeof schedulerOptions>,
  parts: readonly { readonly name: string; readonly options: SchedulerSpec['options'] | undefined }[],
  before: Parts,
): readonly number[] {
  if (switchAt !== undefined) return switchAt;
  const isBefore = parts.every(({ options }) => options !== undefined);
  const [first] = parts;
  if (isBefore && before.milestones !== undefined && totalIters === undefined) return before.milestones;
  if (parts.length === 2 && first?.name === 'linearWarmup') {
    return [totalIters ?? Number(linearWarmup(first.options).options['totalIters'])];
  }
  throw new OptionError(
    `--switch-at: expected the ${parts.length - 1} epochs at which the next scheduler begins, got nothing`,
  );
}

/** What the command line fills in, for a scheduler alone or a part of several that lasts so many epochs. */
function defaults(name: string, epochs: number, parts: number): SchedulerSpec['options'] {
  // A warm-up that is cut off, or that waits at its end, is nobody's wish.
  if (name === 'linearWarmup' && parts > 1) return { totalIters: epochs };
  if (name === 'cosineAnnealingLR') return { tMax: epochs };
  if (name === 'oneCycleLR') return { totalSteps: epochs };
  if (name === 'stepLR') return { stepSize: 3, gamma: 0.5 };
  return name === 'exponentialLR' ? { gamma: 0.9 } : {};
}
