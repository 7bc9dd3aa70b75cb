import { stepLR } from '../../src/train/schedulers/steps.js';
import { decodeSafetensors } from '../../src/weights/index.js';
import { describe, expect, test } from 'vitest';
import { embeddedDigits } from '../../src/data/index.js';
import { AbortedError, DeviceLostError, OptionError, StorageError } from '../../src/errors.js';
import { loadClassifier } from '../../src/export/node.js';
import { trainResNet } from '../../src/train/node.js';
import type { CreateSession } from '../../src/program/index.js';
import type { WorkerRun } from '../../src/worker/protocol.js';
import { clockByHand } from '../helpers/clock.js';
import {
  atStep,
  batchesIn,
  createSession,
  digits,
  imageOf,
  MemoryStore,
  recipe,
  testHost,
} from './helpers.js';

/** 12 steps: what they give without anybody disturbing them. */
const whole = testHost().host.train(recipe);

describe('a run', () => {
  test('is that of trainResNet', async () => {
    const { model: _, checkpoint, history, testAccuracy, network, ...rest } = await whole;
    const { cifarResnet } = await import('../../src/index.js');
    const inPlace = await trainResNet({
      ...{
        network: cifarResnet(8, { channels: 1, imageSize: 28 }),
        data: digits,
        shuffle: true,
        autotune: false,
      },
      ...{ epochs: 2, batchSize: 16, learningRate: 2e-3, threads: 1, seed: 3 },
      scheduler: stepLR({ stepSize: 1, gamma: 0.5 }),
    });
    expect(history.stepLosses).toEqual(inPlace.history.stepLosses);
    expect(history.stepLosses).toHaveLength(12);
    expect(testAccuracy).toBe(inPlace.testAccuracy);
    expect(decodeSafetensors(checkpoint, 'a').tensors).toEqual(
      decodeSafetensors(inPlace.checkpoint, 'b').tensors,
    );
    expect(network).toEqual({ name: 'resnet8-cifar', input: [1, 28, 28], classes: 10 });
    expect(rest.device.chosen).toBe('cpu');
  });

  test('tells its page of the start, of every step in order, and of epochs', async () => {
    const made = testHost();
    const { history } = await made.host.train(recipe);
    const kinds = made.events.map(({ kind }) => kind).filter((kind) => kind !== 'batches');
    expect(kinds).toEqual(['start', 'checkpoint', 'epoch', 'checkpoint', 'epoch']);
    expect(made.losses()).toEqual(history.stepLosses);
    expect(batchesIn(made.events).map(({ step }) => step)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    // The steps of an epoch come before its end.
    const end = made.events.findIndex(({ kind }) => kind === 'epoch');
    expect(batchesIn(made.events.slice(0, end))).toHaveLength(6);
  });

  test('comes after a run, on the same worker', async () => {
    const { host } = testHost();
    const first = await host.train({ ...recipe, epochs: 1, checkpointKey: false });
    const second = await host.train({ ...recipe, epochs: 1, checkpointKey: false });
    expect(second.history.stepLosses).toEqual(first.history.stepLosses);
  });

  test('refuses another one while it goes, and says so', async () => {
    const made = testHost();
    const run = made.host.train(recipe);
    await expect(made.host.train(recipe)).rejects.toThrow(OptionError);
    await expect(made.host.train(recipe)).rejects.toThrow(/expected no run in this worker, but one goes/);
    await run;
  });

  test.each<readonly [WorkerRun, RegExp]>([
    [
      { network: { family: 'x' } as never },
      /family: expected one of mnist-cnn, cifar-resnet, resnet, got "x"/,
    ],
    [{ preset: 'mnist-cnn', network: { family: 'mnist-cnn' } }, /preset and network: expected one of them/],
    [
      { scheduler: { name: 'stepLR', options: { stepSize: 0 } } },
      /scheduler.options.stepSize: expected a whole number of at least 1, got 0/,
    ],
    [{ batchSize: 97 }, /batchSize: expected at most 96/],
    [{ checkpointKey: 'a/b' }, /checkpointKey: expected 1 to 100 letters, .* got "a\/b"/],
    [{ resume: 'stored', checkpointKey: false }, /expected a checkpointKey, got none/],
    [{ resume: 'stored' }, /expected a stored run 'default', but there is none/],
    // A `run.json` from Node may have it.
    [{ out: 'runs/a' } as WorkerRun, /out: expected none, for a browser has no folders, got "runs\/a"/],
  ])('refuses %j', async (wrong, message) => {
    const { host } = testHost();
    await expect(host.train({ epochs: 1, ...wrong })).rejects.toThrow(OptionError);
    await expect(host.train({ epochs: 1, ...wrong })).rejects.toThrow(message);
  });
});

describe('pause', () => {
  test('holds the run between two steps until it is resumed; the numbers stay the same', async () => {
    const made = testHost();
    const paused = atStep(made, 4, () => made.host.pause());
    const run = made.host.train(recipe);
    await paused;
    const told = made.losses().length;
    expect(made.events.at(-1)?.kind).toBe('checkpoint');
    // What others ask is answered meanwhile; in a run that goes on, each answer would wait for the end of a step.
    for (let i = 0; i < 3; i++) expect((await made.host.predict(imageOf(i))).probabilities).toHaveLength(10);
    expect(made.losses()).toHaveLength(told);
    // A second pause is no other state.
    await made.host.pause();
    await made.host.resume();
    expect((await run).history.stepLosses).toEqual((await whole).history.stepLosses);
  });

  test('is off the clock', async () => {
    const pass = clockByHand();
    // Each run of a model takes an eighth of a second.
    const timed: CreateSession = async (model, options) => {
      const session = await createSession(model, options);
      return {
        device: session.device,
        outputNames: session.outputNames,
        dispose: () => session.dispose(),
        run: (feeds, outputs) => {
          pass(125);
          return session.run(feeds, outputs);
        },
      };
    };
    const short: WorkerRun = { ...recipe, epochs: 1 };
    const straight = await testHost({ createSession: timed }).host.train(short);
    const made = testHost({ createSession: timed });
    const paused = atStep(made, 2, () => made.host.pause());
    const run = made.host.train(short);
    await paused;
    pass(3_600_000);
    await made.host.resume();
    const { epochs } = (await run).history;
    expect(epochs[0]?.seconds).toBeGreaterThan(0);
    expect(epochs).toEqual(straight.history.epochs);
  });

  test('can be stopped', async () => {
    const made = testHost();
    const paused = atStep(made, 3, () => made.host.pause());
    const run = made.host.train(recipe);
    await paused;
    await made.host.stop();
    await expect(run).rejects.toThrow(AbortedError);
  });

  test('is nothing without a run', async () => {
    const { host } = testHost();
    await host.pause();
    await host.resume();
    await host.stop();
    expect((await host.train({ ...recipe, maxSteps: 1 })).history.stepLosses).toHaveLength(1);
  });
});

describe('stop', () => {
  test('ends the run with a checkpoint, from which it goes on exactly', async () => {
    const made = testHost();
    const stopped = atStep(made, 5, () => made.host.stop());
    await expect(made.host.train(recipe)).rejects.toThrow(
      /^training was stopped after step \d+; go on from checkpoint 'default' in the browser's storage$/,
    );
    await stopped;
    const stored = await made.host.stored();
    expect(stored).toMatchObject({ key: 'default', where: 'opfs', epochs: 2, finished: false, taught: 0 });
    const before = stored?.step ?? 0;
    expect(before).toBeGreaterThanOrEqual(5);
    expect(Array.from(stored?.stepLosses ?? [])).toEqual((await whole).history.stepLosses.slice(0, before));

    const later = testHost({}, made.store);
    const { history, checkpoint } = await later.host.train({ resume: 'stored' });
    expect(history.stepLosses).toEqual((await whole).history.stepLosses.slice(before));
    expect(decodeSafetensors(checkpoint, 'a').tensors).toEqual(
      decodeSafetensors((await whole).checkpoint, 'b').tensors,
    );
    const end = await later.host.stored();
    expect(end).toMatchObject({ step: 12, epoch: 2, finished: true });
    // The times are not in the checkpoint, and yet a page that is loaded again knows them.
    expect(end?.history).toEqual(history.epochs);
    expect(end?.history.map(({ seconds }) => seconds > 0)).toEqual([true, true]);
    expect(Array.from(end?.stepLosses ?? [])).toEqual((await whole).history.stepLosses);
    expect(end?.testAccuracy).toBe((await whole).testAccuracy);
    await expect(later.host.train({ resume: 'stored' })).rejects.toThrow(/its run has finished 2 epochs/);
    // More epochs are something to go on with.
    const more = await later.host.train({ resume: 'stored', epochs: 3 });
    expect(more.history.epochs).toHaveLength(3);
    expect(more.history.epochs.slice(0, 2)).toEqual(history.epochs);
  });

  test('works before the first step', async () => {
    const made = testHost();
    const run = made.host.train(recipe);
    const stop = made.host.stop();
    await expect(run).rejects.toThrow(AbortedError);
    await stop;
    expect(made.losses()).toEqual([]);
  });

  test('leaves weights that classify, and can be exported', async () => {
    const made = testHost();
    const stopped = atStep(made, 5, () => made.host.stop());
    await made.host.train(recipe).catch(() => undefined);
    await stopped;
    const prediction = await made.host.predict(imageOf(1));
    const classifier = await loadClassifier(await made.host.exportModel(), { threads: 1 });
    const again = await classifier.predict(imageOf(1));
    await classifier.dispose();
    expect(again).toEqual(prediction);
    expect(classifier.card.provenance).toMatchObject({ data: 'digits/train' });
  });
});

describe('checkpoints', () => {
  test('are stored every few seconds, and where a worker was killed the run goes on exactly', async () => {
    const store = new MemoryStore();
    const made = testHost({}, store);
    const run = made.host.train({ ...recipe, checkpointSeconds: 0 });
    // As they were when the worker was killed after some step.
    const killed = new MemoryStore();
    let step = 0;
    made.onEvent = (event) => {
      // Storing takes its share of the time at most, so that a busy machine leaves steps out.
      if (event.kind !== 'checkpoint' || event.stored.step < 2 || step > 0) return;
      ({ step } = event.stored);
      killed.kept.set('default', store.kept.get('default') ?? new Uint8Array());
    };
    await run;
    expect(step).toBeGreaterThan(0);
    const { history } = await testHost({}, killed).host.train({ resume: 'stored' });
    expect(history.stepLosses).toEqual((await whole).history.stepLosses.slice(step));
  });

  test('say what refuses them, once, while the run goes on', async () => {
    const store = new MemoryStore();
    store.failure = new StorageError('writing failed: the browser allows this site no more space');
    const made = testHost({}, store);
    const { history } = await made.host.train({ ...recipe, checkpointSeconds: 0 });
    expect(history.stepLosses).toEqual((await whole).history.stepLosses);
    expect(made.warnings()).toEqual([
      'this run cannot be stored at present, it goes on without: writing failed: the browser allows this site no more space',
    ]);
    expect(await made.host.stored()).toBeUndefined();
  });

  test('fail where they were asked for', async () => {
    const store = new MemoryStore();
    const made = testHost({}, store);
    const saved = atStep(made, 3, () => {
      store.failure = new StorageError('writing failed: full');
      return made.host.save();
    });
    const run = made.host.train(recipe);
    await expect(saved).rejects.toThrow(StorageError);
    store.failure = undefined;
    await run;
    expect((await made.host.stored())?.step).toBe(12);
    await expect(made.host.save()).rejects.toThrow(/expected a run, but none goes/);
  });

  test('are there when asked for', async () => {
    const made = testHost();
    const saved = atStep(made, 3, () => made.host.save());
    const run = made.host.train(recipe);
    const { step, stepLosses } = await saved;
    expect(stepLosses).toHaveLength(step);
    await run;
  });

  test('are not stored without a key', async () => {
    const made = testHost();
    const saved = atStep(made, 3, () => made.host.save());
    const run = made.host.train({ ...recipe, checkpointKey: false });
    await expect(saved).rejects.toThrow(/expected a run with a checkpointKey/);
    await run;
    expect(made.store.writes).toBe(0);
  });

  test('need storage only where they are to be found', async () => {
    const openStore = () => Promise.reject(new StorageError('the browser does not allow it'));
    const made = testHost({ openStore });
    await made.host.train({ ...recipe, maxSteps: 1 });
    expect(made.warnings()).toEqual(['this run is not stored: the browser does not allow it']);
    await expect(made.host.train({ resume: 'stored' })).rejects.toThrow(StorageError);
    await expect(made.host.stored()).rejects.toThrow(StorageError);
  });

  test('belong to one page at a time', async () => {
    const locked = testHost();
    const other = testHost(
      { lockKey: () => Promise.reject(new StorageError('another page trains')) },
      locked.store,
    );
    await expect(other.host.train({ ...recipe, maxSteps: 1 })).rejects.toThrow(StorageError);
    await expect(other.host.forget()).rejects.toThrow(StorageError);
    // Without a key there is nothing to share.
    await other.host.train({ ...recipe, maxSteps: 1, checkpointKey: false });
    const none = testHost({ lockKey: () => Promise.resolve(undefined) });
    await none.host.train({ ...recipe, maxSteps: 1 });
    expect(none.warnings()).toEqual([expect.stringMatching(/no locks .* do not train in two tabs/)]);
  });

  test('that are damaged are an error that says how to go on', async () => {
    const { host, store } = testHost();
    await host.train({ ...recipe, maxSteps: 1 });
    const bytes = store.kept.get('default') ?? new Uint8Array();
    for (const damaged of [
      bytes.slice(0, 1000),
      new Uint8Array(50),
      bytes.map((byte, i) => (i === 30 ? 0 : byte)),
    ]) {
      store.kept.set('default', damaged);
      await expect(host.stored()).rejects.toThrow(StorageError);
      await expect(host.stored()).rejects.toThrow(
        /^the stored run 'default' is damaged \(.*\); forget\(\) removes it$/,
      );
      await expect(host.train({ resume: 'stored' })).rejects.toThrow(StorageError);
    }
    await host.forget();
    expect(await host.stored()).toBeUndefined();
  });

  test('go on with the data that they were trained on', async () => {
    const { host } = testHost();
    await host.train({ ...recipe, maxSteps: 2 });
    const data = embeddedDigits({ train: 64, test: 40 });
    const other = host.train({ resume: 'stored', data, maxSteps: 4 });
    await expect(other).rejects.toThrow(OptionError);
    await expect(other).rejects.toThrow(
      /trained on digits\/train \(96 images\) .* got digits\/train \(64 images\)/,
    );
  });
});

describe('a lost device', () => {
  /** A device that is gone after so many runs of a model; `wasm` stands for the CPU here. */
  function breaking(after: number): Partial<Parameters<typeof testHost>[0]> {
    let runs = 0;
    return {
      createSession: async (model, options) => {
        const session = await createSession(model, options);
        if (options?.devices?.[0] !== 'webgpu') return session;
        return {
          device: session.device,
          outputNames: session.outputNames,
          dispose: () => session.dispose(),
          run: (feeds, outputs) => {
            if (++runs > after) return Promise.reject(new DeviceLostError('the GPU was lost: unplugged'));
            return session.run(feeds, outputs);
          },
        };
      },
    };
  }
  const onGpu: WorkerRun = { ...recipe, devices: ['webgpu'], target: 'portable' };

  test('ends the run with a clear error where nothing else is allowed', async () => {
    const made = testHost(breaking(8));
    await expect(made.host.train(onGpu)).rejects.toThrow(DeviceLostError);
  });

  test('is replaced by wasm where that is allowed, from the last checkpoint', async () => {
    const made = testHost(breaking(8));
    const { history } = await made.host.train({ ...onGpu, fallback: 'wasm', checkpointSeconds: 0 });
    const portable = await testHost().host.train({ ...recipe, target: 'portable' });
    expect(history.stepLosses).toEqual(portable.history.stepLosses);
    expect(made.warnings()).toEqual([
      expect.stringMatching(/^the GPU was lost: unplugged; the run goes on with wasm after step \d$/),
    ]);
    expect(made.events.filter(({ kind }) => kind === 'start')).toHaveLength(2);
    expect((await made.host.stored())?.stepLosses).toHaveLength(12);
  });

  test('is replaced in a run whose steps take several batches, with one loss for each batch', async () => {
    const made = testHost(breaking(14));
    const several: WorkerRun = { ...onGpu, accumulate: 2, fallback: 'wasm', checkpointSeconds: 0 };
    const { history } = await made.host.train(several);
    const portable = await testHost().host.train({ ...recipe, accumulate: 2, target: 'portable' });
    expect(history.stepLosses).toEqual(portable.history.stepLosses);
    expect(made.warnings()).toEqual([expect.stringMatching(/goes on with wasm after step [1-9]$/)]);
  });

  test('is replaced from the start where there is no checkpoint yet', async () => {
    const made = testHost(breaking(4));
    const { history } = await made.host.train({ ...onGpu, fallback: 'wasm', checkpointKey: false });
    expect(history.stepLosses).toHaveLength(12);
    expect(made.warnings()).toEqual([expect.stringMatching(/goes on with wasm after step 0$/)]);
  });
});
