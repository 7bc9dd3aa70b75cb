import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadIdxFolder } from '../../src/data/node.js';
import { trainResNet } from '../../src/train/node.js';
import { firstOf } from '../helpers/memory.js';
import { hasShared, sharedPath } from '../helpers/shared.js';
import { hasWebgpu } from '../helpers/webgpu.js';

const missing = !hasShared('golden', 'seed-mnist') || !hasShared('data', 'mnist') || !(await hasWebgpu());
// On a software adapter a step takes 1.5 s on two quiet cores: the whole ten are for `npm run test:webgpu`.
const steps = process.env['ORT_TRAIN_LONG'] === '1' ? 10 : 3;

test.skipIf(missing)(
  'the first losses on MNIST are those of PyTorch',
  async () => {
    const { train, test } = await loadIdxFolder(sharedPath('data', 'mnist'));
    const { history, device, lowering } = await trainResNet({
      preset: 'mnist-cnn',
      devices: ['webgpu'],
      data: { train: firstOf(train, steps * 64), test: firstOf(test, 16) },
      epochs: 1,
      init: sharedPath('golden', 'seed-mnist', 'init.safetensors'),
    });
    const trace = JSON.parse(readFileSync(sharedPath('golden', 'seed-mnist', 'trace.json'), 'utf8')) as {
      readonly step_losses_epoch_1: readonly number[];
    };
    console.log(lowering, history.stepLosses);
    expect(device.chosen).toBe('webgpu');
    expect(lowering.target).toBe('webgpu');
    expect(history.stepLosses).toHaveLength(steps);
    const off = history.stepLosses.map((loss, i) => Math.abs(loss - (trace.step_losses_epoch_1[i] ?? NaN)));
    // Sums in another order; see test/train/golden.test.ts for how long the trajectory is determined.
    expect(Math.max(...off)).toBeLessThan(1e-4);
  },
  300_000,
);
