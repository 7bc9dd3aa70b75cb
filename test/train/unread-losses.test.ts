import { fit, type ResumePoint, type StepResult, type Trainer } from '../../src/train/index.js';
import { describe, expect, test } from 'vitest';
import { AbortedError, DivergedError } from '../../src/errors.js';
import { tinyData, tinyFit, tinyTrainer } from './tiny.js';

/** 20 images in batches of 4: 5 steps an epoch. */
const data = tinyData(20);
const options = { ...tinyFit({ epochs: 1 }), batchSize: 4 };

/** A trainer that notes when a step is submitted and when its result is read; `change` may give another result. */
async function watched({
  isAsynchronous,
  change = (result) => result,
}: {
  readonly isAsynchronous?: boolean;
  readonly change?: (result: StepResult, step: number) => StepResult;
} = {}): Promise<{ readonly trainer: Trainer; readonly log: readonly string[] }> {
  const log: string[] = [];
  const own = await tinyTrainer();
  const submit: Trainer['submit'] = async (...given) => {
    const { result } = await own.submit(...given);
    const { steps } = own;
    log.push(`run ${steps}`);
    return {
      result: async () => {
        log.push(`read ${steps}`);
        return change(await result(), steps);
      },
    };
  };
  const trainer = new Proxy(own, {
    get(target, name) {
      if (name === 'submit') return submit;
      if (name === 'isAsynchronous' && isAsynchronous !== undefined) return isAsynchronous;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { trainer, log };
}

describe('losses', () => {
  test('of steps of several batches are all read where others get their turn, which they get after each reading', async () => {
    const trainer = await tinyTrainer(undefined, { accumulate: 3 });
    const seen: (number | undefined)[] = [];
    const steps: number[] = [];
    await fit(trainer, data, {
      ...options,
      readEvery: 2,
      onBatchEnd: ({ step }) => void steps.push(step),
      betweenRuns: ({ partial }) => {
        if (trainer.steps > 0) seen.push(partial?.batches);
      },
    });
    // Steps end with batches 3 and 5; the evaluation after them gives turns of its own.
    expect(seen.slice(0, 2)).toEqual([3, 5]);
    expect(steps).toEqual([1, 1, 1, 2, 2]);
  });

  test('are read after each step on a processor', async () => {
    const { trainer, log } = await watched();
    await fit(trainer, data, options);
    expect(log).toEqual([1, 2, 3, 4, 5].flatMap((step) => [`run ${step}`, `read ${step}`]));
  });

  test('are read together where that is asked for: all of them, in order, and the same', async () => {
    const { trainer, log } = await watched();
    const told: number[] = [];
    const { stepLosses, epochs } = await fit(trainer, data, {
      ...options,
      readEvery: 3,
      onBatchEnd: ({ step, batch }) => {
        expect(batch).toBe(step);
        told.push(step);
      },
    });
    expect(log).toEqual([
      ...['run 1', 'run 2', 'run 3', 'read 1', 'read 2', 'read 3'],
      ...['run 4', 'run 5', 'read 4', 'read 5'],
    ]);
    expect(told).toEqual([1, 2, 3, 4, 5]);
    const each = await fit((await watched()).trainer, data, options);
    expect(stepLosses).toEqual(each.stepLosses);
    expect(epochs[0]?.trainLoss).toBe(each.epochs[0]?.trainLoss);
  });

  test('wait on a GPU as long as nobody would see them', async () => {
    const { trainer, log } = await watched({ isAsynchronous: true });
    await fit(trainer, data, { ...options, epochs: 1 });
    // The first step takes its time; the others are done in less than a tenth of a second.
    const runs = log.map((entry) => entry.startsWith('run'));
    expect(runs.some((isRun, i) => isRun && runs[i + 1])).toBe(true);
    expect(log.filter((entry) => entry.startsWith('read'))).toHaveLength(5);
  });

  test('that are not finite stop the run, and the error names their step', async () => {
    const change = (result: StepResult, step: number): StepResult =>
      step === 2 ? { ...result, loss: Number.NaN } : result;
    const { trainer } = await watched({ change });
    const run = fit(trainer, data, { ...options, readEvery: 4 });
    await expect(run).rejects.toThrow(DivergedError);
    await expect(run).rejects.toThrow('the loss became NaN at step 2 (epoch 1, batch 2 of 5)');
  });

  test('are all in the checkpoint of a run that is stopped', async () => {
    const stop = new AbortController();
    const points: ResumePoint[] = [];
    const { trainer } = await watched();
    const run = fit(trainer, data, {
      ...options,
      readEvery: 2,
      signal: stop.signal,
      // In the middle of a submission: the step is taken all the same.
      changeBatch: (_, step) => {
        if (step === 3) stop.abort();
      },
      onCheckpoint: (point) => {
        points.push(point);
        return Promise.resolve(undefined);
      },
    });
    await expect(run).rejects.toThrow(AbortedError);
    expect(trainer.steps).toBe(3);
    expect(points.map(({ partial }) => partial?.batches)).toEqual([3]);
  });
});
