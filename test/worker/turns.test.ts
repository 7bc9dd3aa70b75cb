import { describe, expect, test } from 'vitest';
import { Turns } from '../../src/worker/turns.js';

const task = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A run of so many steps that gives way after each; what happens is written down. */
async function run(turns: Turns, steps: number, log: string[]): Promise<void> {
  await turns.begin();
  for (let step = 1; step <= steps; step++) {
    log.push(`step ${step}`);
    await task();
    log.push(`end ${step}`);
    await turns.giveWay();
  }
  turns.end();
}

describe('turns', () => {
  test('others work between two steps, never during one', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const running = run(turns, 3, log);
    await task();
    const work = turns.take(async () => {
      log.push('work');
      await task();
      log.push('done');
      return 7;
    });
    expect(await work).toBe(7);
    await running;
    expect(log.join(' ')).toMatch(/end (\d) work done step (\d)/);
  });

  test('without a run work begins at once, one piece after the other, in order', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const piece = (name: string) => async (): Promise<void> => {
      log.push(`${name} begins`);
      await task();
      log.push(`${name} ends`);
    };
    await Promise.all(['a', 'b', 'c'].map((name) => turns.take(piece(name))));
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  test('a run waits for work that has begun', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const work = turns.take(async () => {
      await task();
      await task();
      log.push('work done');
    });
    await Promise.all([run(turns, 1, log), work]);
    expect(log).toEqual(['work done', 'step 1', 'end 1']);
  });

  test('an error belongs to its own piece', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const running = run(turns, 3, log);
    await task();
    const bad = turns.take(() => Promise.reject(new Error('mine')));
    const good = turns.take(() => Promise.resolve('fine'));
    await expect(bad).rejects.toThrow('mine');
    expect(await good).toBe('fine');
    await running;
    expect(log).toHaveLength(6);
  });

  test('work that comes too late for a run is done after it', async () => {
    const turns = new Turns();
    await turns.begin();
    const work = turns.take(() => Promise.resolve('after'));
    turns.end();
    expect(await work).toBe('after');
  });

  test('a pause holds the run between two steps, not the others', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const running = run(turns, 4, log);
    await task();
    await turns.pause();
    const steps = log.length;
    expect(log.at(-1)).toMatch(/^end/);
    await turns.take(() => Promise.resolve(log.push('work')));
    await task();
    await task();
    expect(log).toHaveLength(steps + 1);
    turns.resume();
    await running;
    expect(log.filter((line) => line.startsWith('end'))).toHaveLength(4);
  });

  test('a pause that comes before the first step holds after it; one without a run is nothing', async () => {
    const turns = new Turns();
    await turns.pause();
    const log: string[] = [];
    const running = run(turns, 2, log);
    await turns.pause();
    expect(log).toEqual(['step 1', 'end 1']);
    turns.resume();
    await running;
    // The next run is not paused.
    await run(turns, 1, log);
    expect(log).toHaveLength(6);
  });

  test('a pause of a run that ends resolves', async () => {
    const turns = new Turns();
    await turns.begin();
    const paused = turns.pause();
    turns.end();
    await paused;
  });
});
