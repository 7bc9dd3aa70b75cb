import { availableParallelism } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { threads } from '../helpers/threads.js';
import { cli, digitFiles, folderOf, tempFolder, type Outcome } from './helpers.js';

const data = folderOf(digitFiles());
const small = ['--preset', 'mnist-cnn-small', '--batch-size', '16', '--threads', '1', '--no-autotune'];

async function train(out: string, ...options: readonly string[]): Promise<Outcome> {
  return cli('train', ...small, '--data', data, '--epochs', '1', '--random-flip', '--out', out, ...options);
}

test('train --prefetch and --no-prefetch give the same, and tell which it was', async () => {
  const told = async (...options: string[]): Promise<readonly unknown[]> => {
    const out = tempFolder();
    const { events, status } = await train(out, '--json', '--log-every', '1', ...options);
    expect(status).toBe(0);
    expect(threads().alive).toBe(0);
    const { prefetch } = JSON.parse(readFileSync(join(out, 'history.json'), 'utf8')) as { prefetch: unknown };
    expect(events[0]?.['prefetch']).toEqual(prefetch);
    const losses = events.filter(({ event }) => event === 'step').map(({ loss }) => loss);
    expect(losses).toHaveLength(3);
    return [prefetch, losses];
  };
  const [on, losses] = await told('--prefetch');
  expect(on).toEqual({ on: true, reason: 'asked for' });
  expect(await told('--no-prefetch')).toEqual([{ on: false, reason: 'switched off' }, losses]);
  const [byItself, same] = await told();
  expect(byItself).toMatchObject({ on: availableParallelism() > 1 });
  expect(same).toEqual(losses);
});

test('train says in words where its batches are prepared', async () => {
  const { stdout } = await train(tempFolder(), '--prefetch');
  expect(stdout).toMatch(/^batches +prepared on a thread of their own: asked for$/m);
  const without = await train(tempFolder(), '--no-prefetch');
  expect(without.stdout).toMatch(/^batches +prepared between the steps: switched off$/m);
});
