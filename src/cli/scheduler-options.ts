import { OptionError, schedulerFrom, type Scheduler, type SchedulerSpec } from '../index.js';
import { grouped, kebab } from './command.js';
import { choice, fromZero, positive, whole, wholes, type Values } from './options.js';

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
  milestones: wholes('multistep: epochs at which the rate changes, as 30,60'),
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
  scheduler: choice(`how it changes: ${shortNames.join(', ')}`, shortNames),
  ...parameters,
});

/** The scheduler: `base` with what the command line changes, or another one from scratch. */
export function schedulerOf(
  args: Values<typeof schedulerOptions>,
  base: SchedulerSpec,
  epochs: number,
): Scheduler {
  const name = args.scheduler === undefined ? base.name : names[args.scheduler];
  const short = shortNames.find((each) => names[each] === name) ?? name;
  const known = optionsOf[name] ?? [];
  const given: Record<string, string | number | readonly number[]> = {};
  for (const option of Object.keys(parameters) as (keyof typeof parameters)[]) {
    const value = args[option];
    if (value === undefined) continue;
    if (!known.includes(option)) {
      const has = known.length === 0 ? 'no options' : known.map((each) => `--${kebab(each)}`).join(', ');
      throw new OptionError(`--${kebab(option)}: the scheduler ${short} does not have it; it has ${has}`);
    }
    given[option] = value;
  }
  const before = args.scheduler === undefined || base.name === name ? base.options : defaults(name, epochs);
  return schedulerFrom({ name, options: { ...before, ...given } });
}

/** What the command line fills in for options that the library wants to be given. */
function defaults(name: string, epochs: number): SchedulerSpec['options'] {
  if (name === 'cosineAnnealingLR') return { tMax: epochs };
  if (name === 'oneCycleLR') return { totalSteps: epochs };
  if (name === 'stepLR') return { stepSize: 3, gamma: 0.5 };
  return name === 'exponentialLR' ? { gamma: 0.9 } : {};
}
