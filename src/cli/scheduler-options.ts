import { OptionError, schedulerFrom, type Scheduler, type SchedulerSpec } from '../index.js';
import { runSchema } from '../train/spec/run.js';
import { grouped, kebab } from './command.js';
import { list, wholes, type Options, type Values } from './options.js';
import { variantFlags, type SpecFlag } from './spec-flags.js';

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

const shortOf = (name: string): string => shortNames.find((each) => names[each] === name) ?? name;

/** The options of all schedulers but `sequentialLR`, each once, with the schedulers that have it. */
const parameters: readonly SpecFlag[] = variantFlags(
  'name',
  runSchema.entries.scheduler.wrapped.options
    .filter(({ entries }) => entries.name.literal !== 'sequentialLR')
    .map(({ entries: { name, options } }) => ({ entries: { name, ...options.entries } })),
  [],
  {},
).map((each) => ({
  ...each,
  option: { ...each.option, describe: each.option.describe.replace(/\w+LR\w*|linearWarmup/g, shortOf) },
}));

/** The learning-rate scheduler and its options. */
export const schedulerOptions = grouped('Learning rate:', {
  scheduler: list(
    `how it changes: ${shortNames.join(', ')}; several, one after the other, with commas`,
    shortNames,
  ),
  switchAt: wholes('several: epochs at which the next begins (default: after a warm-up)', 0),
  ...(Object.fromEntries(parameters.map(({ name, option }) => [name, option])) as Options),
});

type SchedulerArgs = Values<typeof schedulerOptions> & Readonly<Record<string, unknown>>;

/** The scheduler: `base` with the command line's changes, or another one from scratch. */
export function schedulerOf(args: SchedulerArgs, base: SchedulerSpec, epochs: number): Scheduler {
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
  const milestones = parts.length === 1 ? [] : switchesOf(args, parts, before, epochs);
  const never = milestones.findIndex((begin) => begin >= epochs);
  if (never >= 0 && (args.scheduler ?? args.switchAt ?? args['totalIters']) !== undefined) {
    throw new OptionError(
      `--${args.switchAt === undefined ? 'total-iters' : 'switch-at'}: expected every scheduler to begin within ${epochs} epochs, ` +
        `but ${shortOf(parts[never + 1]?.name ?? 'the next')} would after epoch ${milestones[never] ?? 0}`,
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

/** One scheduler, or several in sequence. */
function partsOf(base: SchedulerSpec): Parts {
  if (base.name !== 'sequentialLR') return { schedulers: [base] };
  // Through the library, which checks what a file says.
  return schedulerFrom(base).options as unknown as Parts;
}

/** Throws OptionError for an option that none of the schedulers has. */
function checkKnown(args: SchedulerArgs, schedulers: readonly string[]): void {
  const isOf = ({ kinds = [] }: SpecFlag): boolean => kinds.some((kind) => schedulers.includes(kind));
  const wrong = parameters.find((each) => args[each.name] !== undefined && !isOf(each));
  if (wrong === undefined) return;
  const known = parameters.filter(isOf).map(({ name }) => `--${kebab(name)}`);
  throw new OptionError(
    `--${kebab(wrong.name)}: the scheduler ${schedulers.map(shortOf).join(', ')} does not have it; ` +
      `it has ${known.length === 0 ? 'no options' : known.join(', ')}`,
  );
}

/** The command line's options for one scheduler; if several have an option, all get it. */
function givenTo(args: SchedulerArgs, scheduler: string): SchedulerSpec['options'] {
  const given = parameters.filter(
    ({ name, kinds }) => args[name] !== undefined && kinds?.includes(scheduler),
  );
  return Object.fromEntries(given.map(({ name, path }) => [path.at(-1) ?? name, args[name]]));
}

/** Epochs at which the next scheduler begins: as given, as before, or where a warm-up before it ends. */
function switchesOf(
  args: SchedulerArgs,
  parts: readonly { readonly name: string; readonly options: SchedulerSpec['options'] | undefined }[],
  before: Parts,
  epochs: number,
): readonly number[] {
  const totalIters = args['totalIters'] as number | undefined;
  if (args.switchAt !== undefined) return args.switchAt;
  const isBefore = parts.every(({ options }) => options !== undefined);
  const [first] = parts;
  if (isBefore && before.milestones !== undefined && totalIters === undefined) return before.milestones;
  if (parts.length === 2 && first?.name === 'linearWarmup') {
    const usual = schedulerFrom({ name: first.name, options: first.options ?? {} }).options['totalIters'];
    // In a short run the warm-up leaves at least one epoch to what follows.
    const fits = Math.max(1, Math.min(Number(usual), epochs - 1));
    return [totalIters ?? (first.options === undefined ? fits : Number(usual))];
  }
  throw new OptionError(
    `--switch-at: expected the ${parts.length - 1} epochs at which the next scheduler begins, got nothing`,
  );
}

/** What the command line fills in, for one scheduler or a part of a sequence that lasts this many epochs. */
function defaults(name: string, epochs: number, parts: number): SchedulerSpec['options'] {
  // Nobody wants a warm-up that is cut off, or that waits at its end.
  if (name === 'linearWarmup' && parts > 1) return { totalIters: epochs };
  if (name === 'cosineAnnealingLR') return { tMax: epochs };
  if (name === 'oneCycleLR') return { totalSteps: epochs };
  if (name === 'stepLR') return { stepSize: 3, gamma: 0.5 };
  return name === 'exponentialLR' ? { gamma: 0.9 } : {};
}
