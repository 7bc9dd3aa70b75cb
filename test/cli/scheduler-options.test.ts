import { sequentialLR } from '../../src/train/schedulers/sequential.js';
import { linearWarmup, cosineAnnealingLR } from '../../src/train/schedulers/curves.js';
import { stepLR } from '../../src/train/schedulers/steps.js';
import type { Scheduler } from '../../src/train/schedulers/scheduler.js';
import { describe, expect, test } from 'vitest';
import { schedulerOf, schedulerOptions } from '../../src/cli/scheduler-options.js';
import type { Options, Values } from '../../src/cli/options.js';
import { cli, digitFiles, folderOf, tempFolder } from './helpers.js';

const recipe = stepLR({ stepSize: 3, gamma: 0.5 });

/** The scheduler of a command line for 20 epochs. */
function schedulerFor(
  given: Readonly<Record<string, string>>,
  base: Scheduler = recipe,
  epochs = 20,
): Scheduler {
  const options: Options = schedulerOptions;
  const values = Object.entries(options).map(([name, option]) => [name, option.parse(given[name], name)]);
  return schedulerOf(Object.fromEntries(values) as Values<typeof schedulerOptions>, base, epochs);
}

const warmed = sequentialLR({
  schedulers: [linearWarmup({ totalIters: 3 }), cosineAnnealingLR({ tMax: 17 })],
  milestones: [3],
});

describe('--scheduler', () => {
  test('with several words is a sequence; a warm-up in front ends where it has reached the base rate', () => {
    expect(schedulerFor({ scheduler: 'warmup,cosine', totalIters: '3' }).options).toEqual(warmed.options);
  });

  test('leaves an epoch to what follows a warm-up in a short run', () => {
    expect(schedulerFor({ scheduler: 'warmup,cosine' }, recipe, 3).options).toMatchObject({
      schedulers: [{ options: { totalIters: 2 } }, { options: { tMax: 1 } }],
      milestones: [2],
    });
  });

  test('takes the epochs of the changes, options going to all that have them', () => {
    const given = { scheduler: 'none,exponential,step', switchAt: '4,10', gamma: '0.7' };
    expect(schedulerFor(given).options).toEqual({
      schedulers: [
        { name: 'constantLR', options: { factor: 1, totalIters: 0 } },
        { name: 'exponentialLR', options: { gamma: 0.7 } },
        { name: 'stepLR', options: { stepSize: 3, gamma: 0.7 } },
      ],
      milestones: [4, 10],
    });
  });

  test('fits each part to the epochs that it has', () => {
    expect(schedulerFor({ scheduler: 'warmup,cosine,step', switchAt: '2,6' }).options).toMatchObject({
      schedulers: [{ options: { totalIters: 2 } }, { options: { tMax: 4 } }, { name: 'stepLR' }],
    });
    expect(schedulerFor({ scheduler: 'cosine,step', switchAt: '5' }).options).toMatchObject({
      schedulers: [{ options: { tMax: 5 } }, { name: 'stepLR' }],
    });
    const twice = { scheduler: 'onecycle,none', switchAt: '8', maxLr: '0.1' };
    expect(schedulerFor(twice).options).toMatchObject({ schedulers: [{ options: { totalSteps: 8 } }, {}] });
  });

  test('of a run that goes on is changed where something is said', () => {
    expect(schedulerFor({}, warmed).options).toEqual(warmed.options);
    expect(schedulerFor({ etaMin: '0.1' }, warmed).options).toMatchObject({
      schedulers: [{ name: 'linearWarmup' }, { options: { tMax: 17, etaMin: 0.1 } }],
      milestones: [3],
    });
    expect(schedulerFor({ scheduler: 'step' }, warmed)).toMatchObject({ name: 'stepLR' });
  });

  test('multistep takes milestones as PyTorch does', () => {
    expect(schedulerFor({ scheduler: 'multistep', milestones: '9,4,4,0' }).options).toEqual({
      milestones: [9, 4, 4, 0],
      gamma: 0.1,
    });
  });

  const wrong: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{ scheduler: 'step,cosine' }, '--switch-at: expected the 1 epochs at which the next'],
    [{ scheduler: 'cosine', switchAt: '3' }, '--switch-at: it needs several schedulers'],
    [{ scheduler: 'warmup,cosine', gamma: '0.5' }, '--gamma: the scheduler warmup, cosine does not have it'],
    [{ scheduler: 'warmup,plateau' }, 'options.schedulers[1].name: expected one of constantLR, '],
    [{ scheduler: 'step,step,step', switchAt: '3,2' }, 'expected some that do not fall, got 3, 2'],
    [
      { scheduler: 'warmup,cosine', switchAt: '50' },
      '--switch-at: expected every scheduler to begin within 20',
    ],
    [{ scheduler: 'warmup,cosine', totalIters: '20' }, 'cosine would after epoch 20'],
    [
      { scheduler: 'multistep', milestones: '1.5' },
      'milestones[0]: expected a whole number of at least 0, got 1.5',
    ],
  ];
  test.each(wrong)('%o is refused', (given, message) => {
    expect(() => schedulerFor(given)).toThrow(message);
  });
});

test('a sequence is told, kept and gone on with', async () => {
  const out = tempFolder();
  const common = ['--preset', 'mnist-cnn-small', '--batch-size', '8', '--also-test', 'none', '--no-autotune'];
  const train = ['train', ...common, '--data', folderOf(digitFiles())];
  const sequence = ['--scheduler', 'warmup,cosine', '--total-iters', '1', '--lr', '0.01', '--epochs', '3'];
  const whole = await cli(...train, ...sequence, '--out', tempFolder(), '--json');
  const first = await cli(...train, ...sequence, '--out', out, '--max-steps', '4');
  expect(first.stdout.replace(/\s+/g, ' ')).toMatch(
    /linearWarmup \(.*totalIters 1\), from epoch 2 cosineAnnealingLR \(tMax 2, etaMin 0\)/,
  );
  const second = await cli('train', '--resume', out, '--json', '--no-autotune', '--also-test', 'none');
  const rates = ({ events }: typeof whole): unknown[] =>
    events.filter(({ event }) => event === 'epoch').map(({ lr }) => lr);
  expect(rates(whole)).toHaveLength(3);
  // The first epochs were told by the run that stopped.
  expect(rates(second)).toEqual(rates(whole).slice(-rates(second).length));
  expect(rates(second).length).toBeGreaterThan(0);
});
