import { describe, expect, test } from 'vitest';
import { buildGraph, cpuTarget, layoutFor } from '../../src/program/index.js';
import { Trainer } from '../../src/train/index.js';
import { distances, expectForm, formsHere, inFloat64, trained, type Course } from './courses.js';
import { cases, initial, network, optimizers, windows, type ClipCase } from './clip-network.js';

/** Ten steps of our graphs in float64. */
function course(each: ClipCase): Course {
  const { options: optimizer, lr } = optimizers[each.optimizer];
  const graph = { optimizer, clipNorm: each.clip_norm, accumulates: each.accumulate > 1 };
  return inFloat64(network, graph, initial(each.optimizer), windows(each), lr);
}

const name = ({ optimizer, accumulate }: ClipCase): string => `${optimizer}, ${accumulate} batches to a step`;
const named = cases.map((each) => [name(each), each] as const);

test('the largest norm is met in some steps and not in others', () => {
  for (const { norms, clip_norm: largest } of cases) {
    expect(norms.filter((norm) => norm > largest).length).toBeGreaterThan(1);
    expect(norms.filter((norm) => norm < largest).length).toBeGreaterThan(1);
  }
});

/**
 * Sums in another order: 5e-16 measured with SGD, whose numbers are all exact in float32. Adam's are not, its constants are
 * rounded to 2^-25 of themselves and its bias correction is off by 3e-8: 1.6e-7 measured.
 */
const inFloat64Within = { sgd: 1e-14, adam: 5e-7 };

test.each(named)('PyTorch, ten steps in float64: %s', (_, each) => {
  const found = distances(each, course(each));
  for (const distance of Object.values(found)) expect(distance).toBeLessThan(inFloat64Within[each.optimizer]);
});

/**
 * Ten steps in float32: a few times 2^-24 of the largest with SGD, 1.5e-7 to 3e-7 measured. Adam divides each gradient by its
 * own size, so that the rounding of small ones counts: losses 2e-7, parameters 8e-6, running statistics 3e-5 measured, the
 * most on WebGPU.
 */
const inFloat32Within = {
  sgd: { losses: 1e-6, params: 1e-6, buffers: 1e-6 },
  adam: { losses: 1e-6, params: 3e-5, buffers: 1e-4 },
};

/** Clipping and sums leave the blocks alone: no program has the vectors in one piece, nor a convolution in its portable form. */
function expectBlocks({ optimizer, clip_norm: clipNorm, accumulate }: ClipCase, blockSize: number): void {
  const target = cpuTarget(blockSize);
  const graph = {
    optimizer: optimizers[optimizer].options,
    ...{ clipNorm, accumulates: accumulate > 1 },
  };
  const layout = layoutFor(target, network, graph);
  for (const kind of ['step', 'training', 'optimizer'] as const) {
    const { graph: lowered, report } = target.lower(buildGraph(network, kind, graph), { batch: 16, layout });
    const names = lowered.inputs.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['params.0', 'params.1']));
    expect(names.filter((name) => ['params', 'grad', 'first_moment', 'momentum'].includes(name))).toEqual([]);
    expect(report.filter(({ op, form }) => op.startsWith('Conv') && form === 'portable')).toEqual([]);
  }
  const placed = layout.placed('grad')?.segments ?? [];
  // 12 channels lie in 16.
  expect(placed.filter(({ size, targetSize }) => targetSize > size).length).toBeGreaterThan(0);
}

describe.each(await formsHere())('PyTorch, ten steps in float32 on %s', (target, options) => {
  // A software adapter takes seconds for each: both ways to step, and both optimizers, once.
  const few = named.filter(([, { optimizer, accumulate }]) => (optimizer === 'adam') === accumulate > 1);
  test.each(target === 'webgpu' ? few : named)(
    '%s',
    async (_, each) => {
      const trainer = await Trainer.create(network, {
        ...options,
        optimizer: optimizers[each.optimizer].options,
        state: initial(each.optimizer),
        clipNorm: each.clip_norm,
        accumulate: each.accumulate,
      });
      try {
        expectForm(trainer, target);
        const { lowering } = trainer;
        if (lowering.blockSize !== undefined) expectBlocks(each, lowering.blockSize);
        const found = distances(each, await trained(trainer, windows(each), optimizers[each.optimizer].lr));
        const within = inFloat32Within[each.optimizer];
        for (const what of ['losses', 'params', 'buffers'] as const)
          expect(found[what], what).toBeLessThan(within[what]);
      } finally {
        await trainer.dispose();
      }
    },
    120_000,
  );
});
