import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CheckpointError, OptionError } from '../../src/errors.js';
import {
  constantLR,
  cosineAnnealingLR,
  exponentialLR,
  linearWarmup,
  multiStepLR,
  oneCycleLR,
  reduceLROnPlateau,
  schedulerFrom,
  schedulerState,
  sequentialLR,
  stepLR,
  type Scheduler,
  type SchedulerMetrics,
  type SchedulerSpec,
  type SchedulerState,
} from '../../src/train/index.js';

interface Golden {
  readonly base_lr: number;
  readonly 'lr used in each epoch': Readonly<
    Record<string, readonly number[] | { readonly metric: readonly number[]; readonly lr: readonly number[] }>
  >;
}

const file = new URL('../golden/optim/schedulers.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;

/** Of PyTorch, by golden/optim/make_sequences.py. */
interface Sequences {
  readonly base_lr: number;
  readonly cases: readonly { readonly scheduler: SchedulerSpec; readonly lr: readonly number[] }[];
}
const sequences = JSON.parse(
  readFileSync(new URL('../golden/optim/sequences.json', import.meta.url), 'utf8'),
) as Sequences;

const plateau = (thresholdMode: 'rel' | 'abs'): Scheduler =>
  reduceLROnPlateau({ factor: 0.5, patience: 2, threshold: 1e-4, thresholdMode, cooldown: 1, minLr: 1e-4 });
const plateauName = 'reduce_lr_on_plateau(mode=min,factor=0.5,patience=2,threshold=1e-4,threshold_mode';

const schedulers: Readonly<Record<string, Scheduler>> = {
  'step_lr(step_size=3,gamma=0.5)': stepLR({ stepSize: 3, gamma: 0.5 }),
  'multi_step_lr(milestones=[4,9],gamma=0.1)': multiStepLR({ milestones: [4, 9], gamma: 0.1 }),
  'exponential_lr(gamma=0.9)': exponentialLR({ gamma: 0.9 }),
  'cosine_annealing_lr(T_max=20,eta_min=1e-5)': cosineAnnealingLR({ tMax: 20, etaMin: 1e-5 }),
  'linear_warmup(start_factor=0.1,total_iters=5)': linearWarmup({ startFactor: 0.1, totalIters: 5 }),
  'one_cycle_lr(max_lr=0.01,total_steps=20)': oneCycleLR({ maxLr: 0.01, totalSteps: 20 }),
  [`${plateauName}=rel,cooldown=1,min_lr=1e-4)`]: plateau('rel'),
  [`${plateauName}=abs,cooldown=1,min_lr=1e-4)`]: plateau('abs'),
};

/** Learning rates of the epochs, the state going through JSON and the scheduler through its spec each time. */
function rates(scheduler: Scheduler, baseLr: number, metrics: readonly SchedulerMetrics[]): number[] {
  let state = scheduler.initial(baseLr);
  return metrics.map((metric) => {
    const { lr } = state;
    const spec = JSON.parse(JSON.stringify(scheduler)) as SchedulerSpec;
    state = schedulerFrom(spec).next(schedulerState(JSON.parse(JSON.stringify(state)), 'test'), metric);
    return lr;
  });
}

function epochs(count: number): SchedulerMetrics[] {
  return Array.from({ length: count }, () => ({ trainLoss: 1 }));
}

describe('schedulers', () => {
  it('are tested against every golden case', () => {
    expect(Object.keys(schedulers).sort()).toEqual(Object.keys(golden['lr used in each epoch']).sort());
  });

  it.each(Object.entries(schedulers))('%s equals PyTorch, resumed at each epoch', (name, scheduler) => {
    const expected = golden['lr used in each epoch'][name] ?? [];
    const [lrs, metrics] =
      'lr' in expected
        ? [expected.lr, expected.metric.map((trainLoss) => ({ trainLoss }))]
        : [expected, epochs(expected.length)];
    const came = rates(scheduler, golden.base_lr, metrics);
    expect(came).toHaveLength(lrs.length);
    // 1e-12: PyTorch multiplies epoch by epoch where the closed form is used here; 20 roundings are below 1e-14.
    came.forEach((lr, epoch) => {
      expect(Math.abs(lr - (lrs[epoch] ?? NaN)), `epoch ${epoch}`).toBeLessThanOrEqual(1e-12 * lr);
    });
  });

  it.each(sequences.cases.map((each) => [JSON.stringify(each.scheduler), each] as const))(
    '%s equals PyTorch, resumed at each epoch',
    (_, { scheduler, lr: expected }) => {
      const came = rates(schedulerFrom(scheduler), sequences.base_lr, epochs(expected.length));
      expect(came).toHaveLength(expected.length);
      // 1e-12 of the base rate: as above, and beside a cosine's end the roundings are those of larger numbers.
      came.forEach((lr, epoch) => {
        expect(Math.abs(lr - (expected[epoch] ?? NaN)), `epoch ${epoch}`).toBeLessThanOrEqual(
          1e-12 * sequences.base_lr,
        );
      });
    },
  );

  it('sequentialLR warms up, then goes down a cosine', () => {
    const warmup = linearWarmup({ startFactor: 0.5, totalIters: 2 });
    const scheduler = sequentialLR({ schedulers: [warmup, cosineAnnealingLR({ tMax: 4 })], milestones: [2] });
    expect(scheduler.options).toEqual({
      schedulers: [
        { name: 'linearWarmup', options: { startFactor: 0.5, endFactor: 1, totalIters: 2 } },
        { name: 'cosineAnnealingLR', options: { tMax: 4, etaMin: 0 } },
      ],
      milestones: [2],
    });
    const half = Math.SQRT1_2;
    [0.5, 0.75, 1, (1 + half) / 2, 0.5, (1 - half) / 2, 0].forEach((lr, epoch) => {
      // A handful of roundings.
      expect(rates(scheduler, 1, epochs(7))[epoch]).toBeCloseTo(lr, 12);
    });
  });

  it('constantLR keeps the base rate, or PyTorch ConstantLR with options', () => {
    expect(rates(constantLR(), 0.1, epochs(2))).toEqual([0.1, 0.1]);
    expect(rates(constantLR({ factor: 0.5, totalIters: 2 }), 0.1, epochs(3))).toEqual([0.05, 0.05, 0.1]);
  });

  it('oneCycleLR has its three-phase and linear forms, and stays at the end', () => {
    // PyTorch 2: OneCycleLR(o, 1., total_steps=10, pct_start=.4, anneal_strategy='linear', three_phase=True, div_factor=10)
    const options = {
      maxLr: 1,
      totalSteps: 10,
      pctStart: 0.4,
      annealStrategy: 'linear',
      divFactor: 10,
    } as const;
    const came = rates(oneCycleLR({ ...options, threePhase: true }), 0.1, epochs(11));
    const last = 1e-5;
    const tail = [7, 8].map((epoch) => 0.1 + ((last - 0.1) * (epoch - 6)) / 3);
    [0.1, 0.4, 0.7, 1, 0.7, 0.4, 0.1, ...tail, last, last].forEach((lr, epoch) => {
      // 1e-12: a handful of roundings.
      expect(Math.abs((came[epoch] ?? NaN) - lr)).toBeLessThanOrEqual(1e-12);
    });
    expect(
      rates(oneCycleLR({ maxLr: 1, totalSteps: 1, pctStart: 0.5 }), 1, epochs(2)).every(Number.isFinite),
    ).toBe(true);
  });

  it('plateau watches testLoss before trainLoss, accuracy in mode max, and does not improve on NaN', () => {
    const after = (scheduler: Scheduler, metrics: readonly SchedulerMetrics[]): SchedulerState =>
      metrics.reduce((state, metric) => scheduler.next(state, metric), scheduler.initial(1));
    const now = { factor: 0.5, patience: 0 } as const;
    const falling = [
      { trainLoss: 2, testLoss: 1, testAccuracy: 0.5 },
      { trainLoss: 1, testLoss: 1, testAccuracy: 0.6 },
    ];
    expect(after(reduceLROnPlateau(now), falling).lr).toBe(0.5);
    expect(after(reduceLROnPlateau({ ...now, metric: 'trainLoss' }), falling).lr).toBe(1);
    expect(after(reduceLROnPlateau({ ...now, mode: 'max' }), falling).lr).toBe(1);
    expect(after(reduceLROnPlateau(now), [{ trainLoss: NaN }])).toMatchObject({
      lr: 0.5,
      plateau: { best: null },
    });
    expect(after(reduceLROnPlateau({ ...now, eps: 0.6 }), falling).lr).toBe(1);
    expect(() => after(reduceLROnPlateau({ mode: 'max' }), [{ trainLoss: 1 }])).toThrow(
      /metric: expected an epoch with testAccuracy, got trainLoss/,
    );
  });

  const wrong: readonly (readonly [() => unknown, RegExp])[] = [
    [() => stepLR({ stepSize: 0 }), /stepLR: stepSize: expected a whole number of at least 1, got 0/],
    [() => stepLR({ stepSize: 1.5 }), /stepSize: expected a whole number of at least 1, got 1.5/],
    [() => exponentialLR({ gamma: NaN }), /exponentialLR: gamma: expected a finite number above 0, got NaN/],
    [
      () => multiStepLR({ milestones: [9, -4] }),
      /milestones\[1\]: expected a whole number of at least 0, got -4/,
    ],
    [
      () => multiStepLR({ milestones: [1.5] }),
      /milestones\[0\]: expected a whole number of at least 0, got 1.5/,
    ],
    [
      () => sequentialLR({ schedulers: [], milestones: [] }),
      /schedulers: expected some such as linearWarmup\(\)/,
    ],
    [
      () => sequentialLR({ schedulers: [{ name: 'stepLR' } as Scheduler], milestones: [] }),
      /got {"name":"stepLR"}/,
    ],
    [
      () => sequentialLR({ schedulers: [constantLR(), reduceLROnPlateau()], milestones: [1] }),
      /expected those whose rate depends on the epoch alone, got reduceLROnPlateau/,
    ],
    [
      () => {
        const cycle = oneCycleLR({ maxLr: 1, totalSteps: 9 });
        return sequentialLR({ schedulers: [cycle, cycle], milestones: [1] });
      },
      /expected one oneCycleLR at most/,
    ],
    [
      () => sequentialLR({ schedulers: [constantLR(), constantLR()], milestones: [] }),
      /milestones: expected 1 for 2 schedulers, got 0/,
    ],
    [
      () => sequentialLR({ schedulers: [constantLR(), constantLR(), constantLR()], milestones: [5, 3] }),
      /milestones: expected some that do not fall, got 5, 3/,
    ],
    [
      () => schedulerFrom({ name: 'sequentialLR', options: { schedulers: [3], milestones: [] } }),
      /schedulers\[0\]: expected an object with name, got 3/,
    ],
    [
      () =>
        schedulerFrom({
          name: 'sequentialLR',
          options: { schedulers: [{ name: 'stepLR', options: { stepSize: 0 } }], milestones: [] },
        }),
      /schedulers\[0\].options.stepSize: expected a whole number of at least 1, got 0/,
    ],
    [() => linearWarmup({ startFactor: 0 }), /startFactor: expected a number in \(0, 1\], got 0/],
    [
      () => cosineAnnealingLR({ tMax: 3, etaMin: -1 }),
      /etaMin: expected a finite number of at least 0, got -1/,
    ],
    [
      () => oneCycleLR({ maxLr: 1, totalSteps: 5, pctStart: 1 }),
      /pctStart: expected a number in \(0, 1\), got 1/,
    ],
    [() => reduceLROnPlateau({ factor: 1 }), /factor: expected a number in \(0, 1\), got 1/],
    [() => reduceLROnPlateau({ mode: 'up' as 'min' }), /mode: expected one of min, max, got "up"/],
    [
      () => schedulerFrom({ name: 'cosine', options: {} }),
      /scheduler: name: expected one of .*stepLR.*, got "cosine"/,
    ],
    [
      () => schedulerFrom({ name: 'stepLR', options: { stepSize: 1, size: 2 } }),
      /scheduler: options: unknown option size; expected some of stepSize, gamma/,
    ],
    [
      () => schedulerFrom({ name: 'stepLR', options: { stepSize: 'x' } }),
      /stepSize: expected a whole number of at least 1, got "x"/,
    ],
    [() => schedulerFrom({ name: 'multiStepLR', options: { milestones: 3 } }), /milestones: .* got 3/],
  ];
  it.each(wrong)('refuses wrong options: %s', (make, message) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(message);
  });

  it('refuses states that are none', () => {
    for (const json of [
      undefined,
      null,
      3,
      {},
      { epoch: -1, lr: 1, baseLr: 1 },
      { epoch: 0, lr: 1, baseLr: 1, plateau: 2 },
    ]) {
      expect(() => schedulerState(json, 'run/checkpoint')).toThrow(CheckpointError);
    }
  });
});
