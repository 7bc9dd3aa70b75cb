import { decodeSafetensors, encodeSafetensors } from '../../src/weights/index.js';
import { reduceLROnPlateau } from '../../src/train/schedulers/plateau.js';
import { runFiles, type TrainResult, type EpochRecord } from '../../src/train/index.js';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { AbortedError, CheckpointError, OptionError } from '../../src/errors.js';
import { trainResNet, type NodeTrainOptions } from '../../src/train/node.js';
import { memoryDataset, type Dataset } from '../../src/data/index.js';
import { webCache } from '../../src/data/pictures/cache-web.js';
import { pictureSet, type PictureDecoder } from '../../src/data/pictures/picture-set.js';
import { temporaryFolder, tinyData, tinyNetwork, tinySet, withoutTimes } from './tiny.js';

const sides = ({ shape: [channels, height, width] }: Dataset) => ({ channels, height, width });

const network = tinyNetwork({ norm: true });
/** 20 images in batches of 8: 3 batches an epoch, the last one partial. */
const data = tinyData(20);

/** All that a run's future depends on: batch norm's buffers, Adam's moments, a schedule with a memory, a shuffle. */
const recipe: NodeTrainOptions = {
  network,
  data,
  epochs: 2,
  batchSize: 8,
  learningRate: 0.01,
  scheduler: reduceLROnPlateau({ patience: 0, factor: 0.5, threshold: 0.9 }),
  shuffle: true,
  seed: 4,
  threads: 1,
};

const whole = trainResNet(recipe);

/** Equal weights bit for bit, moments too, and the same numbers in the history. */
async function expectSameAsWhole({ checkpoint, history, model }: TrainResult): Promise<void> {
  const expected = await whole;
  expect(decodeSafetensors(checkpoint, 'a').tensors).toEqual(
    decodeSafetensors(expected.checkpoint, 'b').tensors,
  );
  expect(history.epochs.map(withoutTimes)).toEqual(expected.history.epochs.map(withoutTimes));
  expect(model.byteLength).toBe(expected.model.byteLength);
}

/** Runs with a signal that fires as `stop` says; returns the error and the run's folder. */
async function stopped(
  stop: (abort: AbortController) => Partial<NodeTrainOptions>,
): Promise<{ readonly error: unknown; readonly checkpoint: string }> {
  const abort = new AbortController();
  const out = temporaryFolder();
  const error: unknown = await trainResNet({ ...recipe, out, signal: abort.signal, ...stop(abort) }).catch(
    (reason: unknown) => reason,
  );
  return { error, checkpoint: join(out, runFiles.checkpoint) };
}

const afterStep =
  (wanted: number) =>
  (abort: AbortController): Partial<NodeTrainOptions> => ({
    onBatchEnd: ({ step }) => {
      if (step === wanted) abort.abort();
    },
  });

describe('a run that was stopped and resumed equals one that was not', () => {
  test.each([1, 2, 3, 4, 5, 6])('after step %i', async (step) => {
    const { error, checkpoint } = await stopped(afterStep(step));
    expect(error).toBeInstanceOf(AbortedError);
    expect(String(error)).toContain(`training was stopped after step ${step}; go on from ${checkpoint}`);
    await expectSameAsWhole(await trainResNet({ ...recipe, resume: checkpoint }));
  });

  test('before it started', async () => {
    const { error, checkpoint } = await stopped((abort) => ({
      onStart: () => {
        abort.abort();
      },
    }));
    expect(String(error)).toContain('stopped after step 0');
    await expectSameAsWhole(await trainResNet({ ...recipe, resume: checkpoint }));
  });

  test('by a signal that had fired already', async () => {
    const out = temporaryFolder();
    const running = trainResNet({ ...recipe, out, signal: AbortSignal.abort() });
    await expect(running).rejects.toThrow(AbortedError);
    await expectSameAsWhole(await trainResNet({ ...recipe, resume: join(out, runFiles.checkpoint) }));
  });

  test('during the evaluation', async () => {
    // The third batch is the epoch's last: its callback returns, then the timer fires while the test set is evaluated.
    const { error, checkpoint } = await stopped((abort) => ({
      onBatchEnd: ({ step }) => {
        if (step === 3) setTimeout(abort.abort.bind(abort), 0);
      },
    }));
    expect(error).toBeInstanceOf(AbortedError);
    await expectSameAsWhole(await trainResNet({ ...recipe, resume: checkpoint }));
  });

  test.each([false, true])('between two epochs (by an error: %s)', async (throwing) => {
    const { error, checkpoint } = await stopped((abort) => ({
      onEpochEnd: ({ epoch }) => {
        if (epoch > 1) return;
        abort.abort();
        if (throwing) abort.signal.throwIfAborted();
      },
    }));
    expect(error).toBeInstanceOf(AbortedError);
    await expectSameAsWhole(await trainResNet({ ...recipe, resume: checkpoint }));
  });

  test('by maxSteps', async () => {
    const { history, checkpoint } = await trainResNet({ ...recipe, maxSteps: 4 });
    expect(history.epochs).toHaveLength(2);
    await expectSameAsWhole(await trainResNet({ ...recipe, resume: { name: 'memory', bytes: checkpoint } }));
  });

  test('after its first epoch', async () => {
    const { checkpoint } = await trainResNet({ ...recipe, epochs: 1 });
    await expectSameAsWhole(await trainResNet({ ...recipe, resume: { name: 'memory', bytes: checkpoint } }));
  });

  test('twice', async () => {
    const first = await stopped(afterStep(2));
    const second = await stopped((abort) => ({ ...afterStep(4)(abort), resume: first.checkpoint }));
    expect(second.error).toBeInstanceOf(AbortedError);
    await expectSameAsWhole(await trainResNet({ ...recipe, resume: second.checkpoint }));
  });
});

describe('a stopped run', () => {
  test('lets an error of its callback pass, even where the signal has fired', async () => {
    const failure = new RangeError('mine');
    const { error } = await stopped((abort) => ({
      onBatchEnd: () => {
        abort.abort();
        throw failure;
      },
    }));
    expect(error).toBe(failure);
  });

  test('leaves the history of its whole epochs', async () => {
    const { checkpoint } = await stopped(afterStep(5));
    const file = checkpoint.replace(runFiles.checkpoint, runFiles.history);
    const { epochs } = JSON.parse(readFileSync(file, 'utf8')) as { readonly epochs: readonly EpochRecord[] };
    expect(epochs.map(withoutTimes)).toEqual((await whole).history.epochs.slice(0, 1).map(withoutTimes));
  });
});

describe('resuming', () => {
  const resume = async (maxSteps: number, change: NodeTrainOptions): Promise<TrainResult> => {
    const { checkpoint } = await trainResNet({ ...recipe, maxSteps });
    return trainResNet({ ...recipe, ...change, resume: { name: 'c', bytes: checkpoint } });
  };

  test('refuses what would silently train on other images', async () => {
    await expect(resume(4, { batchSize: 4 })).rejects.toThrow(OptionError);
    await expect(resume(4, { batchSize: 4 })).rejects.toThrow(
      /batchSize: c stopped in the middle of an epoch with batchSize 8: expected the same to go on, got 4/,
    );
    await expect(resume(4, { shuffle: false })).rejects.toThrow(/shuffle true: .* got false/);
    await expect(resume(4, { seed: 5 })).rejects.toThrow(/seed 4: .* got 5/);
    // Between epochs there is nothing to lose.
    await expect(resume(3, { batchSize: 4, seed: 5 })).resolves.toBeDefined();
  });

  test('refuses other images in the middle of an epoch, under the same options', async () => {
    const more = { ...data, train: tinySet('tiny/train', 21) };
    await expect(resume(4, { data: more })).rejects.toThrow(OptionError);
    await expect(resume(4, { data: more })).rejects.toThrow(
      /^data: c stopped in the middle of an epoch: expected the same training images .*\(20 images, .*21 images/,
    );
    // As many, of other classes.
    const { train } = data;
    const other = {
      ...data,
      train: memoryDataset({ ...train, ...sides(train), labels: train.labels.toReversed() }),
    };
    await expect(resume(4, { data: other })).rejects.toThrow(/20 images, .*20 images/);
    await expect(resume(3, { data: more })).resolves.toBeDefined();
  });

  test('says that a test part drawn from other images was trained with', async () => {
    const valSplit = { share: 0.2, seed: 0 };
    const report = { skipped: [], bad: [], duplicates: [], warnings: ['odd'], valSplit };
    const warnings: (readonly string[] | undefined)[] = [];
    const onStart: NonNullable<NodeTrainOptions['onStart']> = (info) =>
      void warnings.push(info.data.report?.warnings);
    await resume(3, { data: { ...data, report }, onStart });
    await resume(3, { data: { ...data, report, train: tinySet('tiny/train', 21) }, onStart });
    expect(warnings).toEqual([
      ['odd'],
      [
        'odd',
        expect.stringMatching(/^tiny\/train: the pictures are not those that the run began with/) as string,
      ],
    ]);
  });

  test('refuses folders of other names, which would be other outputs', async () => {
    const decoder: PictureDecoder = {
      decode: ({ label }) =>
        Promise.resolve({ data: new Uint8Array(64).fill(60 * label + 1), channels: 1, height: 8, width: 8 }),
      openCache: webCache,
    };
    const part = (name: string, classes: readonly string[]) =>
      pictureSet(
        {
          ...{ name, classes, shape: [1, 8, 8], preprocessing: { transforms: [], background: '#ffffff' } },
          items: Array.from({ length: 8 }, (_, i) => ({
            ...{ where: `${i}.png`, label: i % 3, at: { path: `${i}.png` } },
          })),
        },
        decoder,
      );
    const of = (...classes: readonly string[]): NodeTrainOptions => ({
      ...{ ...recipe, prefetch: false, augment: 'none' },
      data: { train: part('p/train', classes), test: part('p/test', classes) },
    });
    const { checkpoint } = await trainResNet({ ...of('ant', 'bee', 'cat'), epochs: 1 });
    const from = { name: 'c', bytes: checkpoint };
    await expect(trainResNet({ ...of('bee', 'cat', 'dog'), resume: from })).rejects.toThrow(
      /^data: c was trained on the classes ant, bee, cat, got bee, cat, dog: expected the same/,
    );
    await expect(trainResNet({ ...of('ant', 'bee', 'cat'), resume: from })).resolves.toBeDefined();
  });

  test('refuses a run that is complete', async () => {
    await expect(resume(6, {})).rejects.toThrow(/^c: its run has finished 2 epochs; to go on, ask for more/);
    await expect(resume(2, { maxSteps: 2 })).rejects.toThrow(/^maxSteps: expected more than the 2 .* got 2/);
  });

  test('refuses weights alone and damaged progress', async () => {
    const { tensors, metadata } = decodeSafetensors((await whole).checkpoint, 'whole');
    const from = (more: Readonly<Record<string, string>>) =>
      trainResNet({ ...recipe, resume: { name: 'c', bytes: encodeSafetensors(tensors, more) } });
    const known = Object.fromEntries(metadata);
    await expect(from({})).rejects.toThrow(
      /^c: expected a checkpoint of a training run, .* start .* with init/,
    );
    const extra = (value: unknown) => ({ ...known, epoch: '1', extra: JSON.stringify(value) });
    await expect(from(extra({ epochs: [], scheduler: { lr: 'x' } }))).rejects.toThrow(
      /^c: scheduler: expected/,
    );
    const scheduler = { epoch: 1, lr: 0.1, baseLr: 0.1 };
    const damaged = from(extra({ epochs: [], scheduler, partial: { batches: -1 } }));
    await expect(damaged).rejects.toThrow(CheckpointError);
    await expect(damaged).rejects.toThrow(/^c: partial: expected batches, loss, correct and images/);
  });

  test('refuses another network, another optimizer, and init beside it', async () => {
    const other = tinyNetwork({ name: 'other' });
    await expect(resume(2, { network: other })).rejects.toThrow(/^c does not fit the network other/);
    await expect(resume(2, { optimizer: { kind: 'sgd', momentum: 0.9 } })).rejects.toThrow(
      /'optimizer.momentum'/,
    );
    const { checkpoint } = await whole;
    await expect(resume(2, { init: { name: 'i', bytes: checkpoint } })).rejects.toThrow(
      /init and resume: .* both/,
    );
  });
});
