import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/index.js';
import { OptionError, ShapeError } from '../../src/errors.js';
import { crossEntropy } from '../../src/models/index.js';
import { Builder } from '../../src/ops/index.js';
import { buildGraph, compileFor, layoutFor, portableTarget } from '../../src/program/index.js';
import type { LabelledBatch } from '../../src/program/index.js';
import { Trainer } from '../../src/train/index.js';
import { fill } from '../helpers/golden.js';
import { ndarray } from '../reference/array.js';
import { evaluate } from '../reference/evaluate.js';
import { initial, network, optimizers, windows } from './clip-network.js';
import { distances, expectForm, formsHere, inFloat64, trained } from './courses.js';
import { tinyTrainer } from './tiny.js';

interface CourseCase {
  readonly optimizer: 'adam' | 'sgd';
  readonly accumulate: number;
  readonly smoothing: number;
  readonly losses: readonly number[];
  readonly correct: readonly number[];
  readonly params: readonly number[];
  readonly buffers: readonly number[];
}

const file = new URL('../golden/soft-targets/soft-targets.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly losses: readonly {
    readonly reduction: 'mean' | 'sum';
    readonly smoothing: number;
    readonly targets: readonly number[];
    readonly loss: number;
    readonly grad: readonly number[];
  }[];
  readonly courses: readonly CourseCase[];
};

describe("PyTorch's cross-entropy of probabilities", () => {
  test.each(golden.losses)('$reduction, smoothing $smoothing', ({ reduction, smoothing, ...expected }) => {
    const b = new Builder();
    const logits = b.input('logits', 'float32', ['N', 7]);
    const targets = b.input('targets', 'float32', ['N', 7]);
    const loss = crossEntropy(b, logits, targets, { reduction, labelSmoothing: smoothing });
    const [grad] = gradients(b, loss, [logits]);
    if (grad === undefined) throw new TypeError('no gradient');
    const graph = b.finish('loss', [
      { name: 'loss', value: loss },
      { name: 'grad', value: grad },
    ]);
    const results = evaluate(graph, {
      logits: ndarray(
        [5, 7],
        fill(1, 35).map((value) => 4 * value),
      ),
      targets: ndarray([5, 7], expected.targets),
    });
    // The smoothing's two constants, 1 - e and e / C, are of float32, off by up to 2^-25 of themselves: 2.3e-8 measured.
    // Without smoothing the losses are equal to the last digit.
    const within = smoothing === 0 ? 1e-14 : 1e-7;
    expect(Math.abs(Number(results['loss']?.data[0]) - expected.loss)).toBeLessThan(within * expected.loss);
    const off = Array.from(results['grad']?.data ?? [], (value, i) => value - (expected.grad[i] ?? NaN));
    expect(off).toHaveLength(35);
    expect(Math.max(...off.map(Math.abs))).toBeLessThan(within);
  });

  test.each([[['N', 6]], [['M', 7]], [['N', 7, 1]], [[]]])('refuses targets %j', (shape) => {
    const b = new Builder();
    const logits = b.input('logits', 'float32', ['N', 7]);
    const targets = b.input('targets', 'float32', shape);
    expect(() => crossEntropy(b, logits, targets)).toThrow(ShapeError);
    expect(() => crossEntropy(b, logits, targets)).toThrow(/expected \[N,C\] and \[N\] or \[N,C\], got/);
  });
});

/** The batches of make.py, where each label is mixed with that of the image before it, which has the larger part in half of them. */
function softWindows({ accumulate }: CourseCase): readonly (readonly LabelledBatch[])[] {
  let index = 0;
  const whole = {
    optimizer: 'sgd',
    accumulate,
    clip_norm: 0,
    losses: [],
    norms: [],
    params: [],
    buffers: [],
  } as const;
  return windows(whole).map((batches) =>
    batches.map((batch) => {
      const share = (((index++ % 4) + 1) * 3) / 16;
      const targets = new Float32Array(batch.size * 3);
      batch.labels.forEach((label, i) => {
        const before = batch.labels.at(i - 1) ?? 0;
        targets[3 * i + label] = (targets[3 * i + label] ?? 0) + 1 - share;
        targets[3 * i + before] = (targets[3 * i + before] ?? 0) + share;
      });
      return { ...batch, targets };
    }),
  );
}

const named = golden.courses.map((each) => {
  const { optimizer, accumulate, smoothing } = each;
  return [`${optimizer}, ${accumulate} batches to a step, smoothing ${smoothing}`, each] as const;
});

/**
 * As in clip.test.ts: sums in another order, 4e-16 measured, and Adam's constants of float32, 1.5e-7 measured. So are the
 * smoothing's, off by up to 2^-25 of themselves: 2.3e-8 measured with SGD.
 */
const inFloat64Within = (each: CourseCase): number =>
  each.optimizer === 'adam' ? 5e-7 : each.smoothing > 0 ? 1e-7 : 1e-14;

test.each(named)('PyTorch, ten steps in float64: %s', (_, each) => {
  const { options: optimizer, lr } = optimizers[each.optimizer];
  const graph = {
    ...{ optimizer, softTargets: true, accumulates: each.accumulate > 1 },
    loss: { labelSmoothing: each.smoothing },
  };
  const course = inFloat64(network, graph, initial(each.optimizer), softWindows(each), lr);
  const found = distances(each, course);
  for (const distance of Object.values(found)) expect(distance).toBeLessThan(inFloat64Within(each));
  expect(course.correct).toEqual(each.correct);
});

/** Those of clip.test.ts, whose network and optimizers these are; measured here: SGD 3e-7, Adam 1.2e-7, 8e-7 and 3e-5. */
const inFloat32Within = {
  sgd: { losses: 1e-6, params: 1e-6, buffers: 1e-6 },
  adam: { losses: 1e-6, params: 3e-5, buffers: 1e-4 },
};

describe.each(await formsHere())('PyTorch, ten steps in float32 on %s', (form, options) => {
  // A software adapter takes seconds for each: both ways to step, and both optimizers, once.
  const few = named.filter(([, { optimizer, accumulate }]) => (optimizer === 'adam') === accumulate > 1);
  test.each(form === 'webgpu' ? few : named)(
    '%s',
    async (_, each) => {
      const trainer = await Trainer.create(network, {
        ...options,
        optimizer: optimizers[each.optimizer].options,
        state: initial(each.optimizer),
        softTargets: true,
        loss: { labelSmoothing: each.smoothing },
        accumulate: each.accumulate,
      });
      try {
        expectForm(trainer, form);
        const course = await trained(trainer, softWindows(each), optimizers[each.optimizer].lr);
        const found = distances(each, course);
        const within = inFloat32Within[each.optimizer];
        for (const what of ['losses', 'params', 'buffers'] as const)
          expect(found[what], what).toBeLessThan(within[what]);
        expect(course.correct).toEqual(each.correct);
      } finally {
        await trainer.dispose();
      }
    },
    120_000,
  );
});

describe('graphs', () => {
  const optimizer = { kind: 'adam' } as const;
  const inputs = (
    kind: 'training' | 'step' | 'eval' | 'optimizer',
    softTargets: boolean,
  ): readonly string[] =>
    buildGraph(network, kind, { optimizer, softTargets }).inputs.map(({ name }) => name);

  test('that train take the targets besides, the others stay as they are', () => {
    for (const kind of ['training', 'step'] as const) {
      const [without, having] = [inputs(kind, false), inputs(kind, true)];
      expect(having.filter((name) => name !== 'targets')).toEqual(without);
      expect(having).toContain('targets');
    }
    for (const kind of ['eval', 'optimizer'] as const) {
      const model = (softTargets: boolean): Uint8Array => {
        const graph = { optimizer, softTargets };
        const layout = layoutFor(portableTarget, network, graph);
        const program = kind === 'eval' ? 'eval' : 'update';
        return compileFor(portableTarget, network, program, graph, { batch: 4, layout }).model;
      };
      expect(model(true)).toEqual(model(false));
    }
  });
});

describe('a batch', () => {
  const size = 4;
  const plain = { size, images: new Float32Array(size * 64), labels: Int32Array.of(0, 1, 2, 0) };
  const soft = { ...plain, targets: new Float32Array(size * 3).fill(1 / 3) };

  test.each([
    ['without targets', true, plain, /batch: expected 12 targets, 3 an image, got none/],
    [
      'with too few',
      true,
      { ...soft, targets: new Float32Array(4) },
      /expected 12 targets, 3 an image, got 4/,
    ],
    [
      'with targets for a model of labels',
      false,
      soft,
      /expected no targets, for the model has labels, got 12/,
    ],
  ] as const)('%s is refused', async (_, softTargets, batch, message) => {
    const trainer = await tinyTrainer(undefined, { softTargets });
    expect(trainer.hasSoftTargets).toBe(softTargets);
    await expect(trainer.step(batch, 0.01)).rejects.toThrow(message);
    await expect(trainer.step(batch, 0.01)).rejects.toThrow(OptionError);
    expect(trainer.steps).toBe(0);
  });
});
