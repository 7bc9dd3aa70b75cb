import { compareNetworks, type CompareOptions, type Comparison } from '../../src/experiments/index.js';
import { Trainer } from '../../src/train/index.js';
import { describe, expect, test } from 'vitest';
import { batches } from '../../src/data/index.js';
import { OptionError, AbortedError } from '../../src/errors.js';
import { createSession, tinyData, tinyNetwork } from '../train/tiny.js';
import { all } from '../helpers/memory.js';

const { train: data } = tinyData();
const options: CompareOptions = { data, steps: 4, batchSize: 7, learningRate: 0.05, createSession };
const candidates = [
  { label: 'bare', network: tinyNetwork() },
  { label: 'normed', network: tinyNetwork({ norm: true }) },
];

describe('compareNetworks', () => {
  test('trains each as a trainer would, on whole batches in a seeded order', async () => {
    const { networks, ...rest } = await compareNetworks(candidates, { ...options, seed: 5 });
    expect(rest).toEqual({
      data: 'tiny/train',
      classes: 3,
      recipe: {
        ...{ steps: 4, batchSize: 7, learningRate: 0.05, seed: 5 },
        optimizer: { kind: 'adam' },
      },
    });
    for (const [i, { network }] of candidates.entries()) {
      const trainer = await Trainer.create(network, {
        ...{ createSession, seed: 5, optimizer: { kind: 'adam' } },
      });
      // 24 images are three batches of 7 and 3 images over; the fourth batch is the next epoch's.
      const order = [
        ...(await all(batches(data, { batchSize: 7, shuffle: true, seed: 5, epoch: 1 }))),
        ...(await all(batches(data, { batchSize: 7, shuffle: true, seed: 5, epoch: 2 }))),
      ];
      const losses: number[] = [];
      for (const batch of order.filter(({ size }) => size === 7).slice(0, 4)) {
        losses.push((await trainer.step(batch, 0.05)).loss);
      }
      await trainer.dispose();
      expect(networks[i]?.losses).toEqual(losses);
      expect(networks[i]?.finalLoss).toBe(losses.at(-1));
    }
  });

  test('gives the gradients at the start and at the end, in the order of the network', async () => {
    const [, normed] = (await compareNetworks(candidates, options)).networks;
    expect(normed).toMatchObject({ label: 'normed', network: 'tiny' });
    expect(normed).not.toHaveProperty('divergedAt');
    const { start, end } = normed?.gradients ?? { start: [], end: [] };
    const names = candidates[1]?.network.state
      .filter(({ kind }) => kind === 'parameter')
      .map(({ name }) => name);
    expect(start.map(({ name }) => name)).toEqual(names);
    expect(end.map(({ name }) => name)).toEqual(names);
    expect(start[0]?.norm).not.toBe(end[0]?.norm);
  });

  test('a network that diverges ends there, the others go on', async () => {
    const steps: string[] = [];
    const { networks } = await compareNetworks(candidates, {
      ...{ ...options, learningRate: 1e30, optimizer: { kind: 'sgd' } },
      onStep: ({ label, step }) => void steps.push(`${label} ${step}`),
    });
    const [bare] = networks;
    expect(networks).toHaveLength(2);
    expect(bare?.divergedAt).toBeGreaterThan(1);
    expect(bare?.losses).toHaveLength((bare?.divergedAt ?? 0) - 1);
    expect(bare?.finalLoss).toBeNaN();
    expect(steps).toContain('normed 1');
  });

  test('stops when asked, with what is finished', async () => {
    const controller = new AbortController();
    let kept: Comparison | undefined;
    const stopped = compareNetworks(candidates, {
      ...options,
      signal: controller.signal,
      onStep: ({ label }) => {
        if (label === 'normed') controller.abort();
      },
      onNetworkEnd: (soFar) => void (kept = soFar),
    });
    await expect(stopped).rejects.toThrow(AbortedError);
    await expect(stopped).rejects.toThrow('the comparison was stopped in normed; 1 of 2 networks finished');
    expect(kept?.networks.map(({ label }) => label)).toEqual(['bare']);
  });

  test.each([
    [{ steps: 0 }, 'steps: expected a whole number of at least 1, got 0'],
    [{ batchSize: 25 }, 'batch size: expected at most 24, the number of images in tiny/train, got 25'],
    [{ learningRate: -1 }, 'learningRate: expected a finite number above 0, got -1'],
    [{ seed: 0.5 }, 'seed: expected a whole number of at least 0, got 0.5'],
    [{ data: { ...data, shape: [1, 4, 16] as const } }, 'expects images 1x8x8, got 1x4x16'],
  ])('refuses %j', async (change, message) => {
    const call = compareNetworks(candidates, { ...options, ...change });
    await expect(call).rejects.toThrow(OptionError);
    await expect(call).rejects.toThrow(message);
  });

  test('refuses no networks, and two of one name', async () => {
    await expect(compareNetworks([], options)).rejects.toThrow('networks: expected at least one, got none');
    const [bare] = candidates;
    const twice = bare === undefined ? [] : [bare, bare];
    await expect(compareNetworks(twice, options)).rejects.toThrow(
      'expected labels that differ, got bare twice',
    );
  });
});
