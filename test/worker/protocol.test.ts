import type { BatchEnd } from '../../src/train/index.js';
import { describe, expect, test } from 'vitest';
import * as errors from '../../src/errors.js';
import {
  DataError,
  DeviceError,
  DeviceLostError,
  OrtTrainError,
  ShapeError,
  WorkerError,
} from '../../src/errors.js';
import { Caller, type Carrier } from '../../src/worker/caller.js';
import { packError, unpackError } from '../../src/error-transfer.js';
import { Outbox } from '../../src/worker/outbox.js';
import type { Request, RunEvent } from '../../src/worker/protocol.js';

/** There and back as a message travels. */
const sent = (error: unknown): Error => unpackError(structuredClone(packError(error)));

describe('errors cross', () => {
  const made = Object.values(errors).flatMap((each: unknown) => {
    if (typeof each !== 'function' || !(each.prototype instanceof OrtTrainError)) return [];
    if (each === errors.UserError) return [];
    return [new (each as typeof DataError)('what went wrong')];
  });

  test('all classes are known', () => {
    expect(made.length).toBeGreaterThan(14);
  });

  test.each(made.map((error) => [error.name, error] as const))('%s', (name, error) => {
    const came = sent(error);
    expect(came).toBeInstanceOf(error.constructor);
    expect(came.constructor).toBe(error.constructor);
    expect(came).toMatchObject({ name, message: 'what went wrong', code: error.code, stack: error.stack });
  });

  test('with their causes', () => {
    const came = sent(new DeviceError('a', { cause: new ShapeError('b', { cause: new RangeError('c') }) }));
    expect(came.cause).toBeInstanceOf(ShapeError);
    expect((came.cause as Error).cause).toMatchObject({ name: 'RangeError', message: 'c' });
  });

  test('also those that are none of ours, under their name', () => {
    expect(sent(new TypeError('x'))).toMatchObject({ name: 'TypeError', message: 'x' });
    // The browser has a DataError of its own.
    const foreign = sent(new DOMException('the key is none', 'DataError'));
    expect(foreign).not.toBeInstanceOf(DataError);
    expect(foreign).toMatchObject({ name: 'DataError', message: 'the key is none' });
    expect(sent('just text')).toMatchObject({ name: 'Error', message: 'just text' });
    expect(sent(undefined)).toMatchObject({ message: 'undefined' });
    expect(sent(new OrtTrainError('internal', 'a bug'))).toMatchObject({
      code: 'internal',
      name: 'OrtTrainError',
    });
    expect(sent(new DeviceLostError('gone'))).toBeInstanceOf(DeviceError);
  });

  test('a cause that leads back to itself ends', () => {
    const error: Error & { cause?: unknown } = new Error('a');
    error.cause = error;
    let depth = 0;
    for (let each: unknown = sent(error); each instanceof Error; each = each.cause) depth++;
    expect(depth).toBe(9);
  });
});

describe('calls', () => {
  function setUp(): { caller: Caller; requests: Request[]; events: RunEvent[] } {
    const requests: Request[] = [];
    const events: RunEvent[] = [];
    const carrier: Carrier = {
      postMessage: (message) => {
        requests.push(structuredClone(message));
      },
    };
    return { caller: new Caller(carrier, (event) => events.push(event)), requests, events };
  }

  test('get the reply of their number, in whatever order', async () => {
    const { caller, requests } = setUp();
    const [a, b] = [caller.call('mistakes', [1]), caller.call('mistakes', [2])];
    expect(requests).toEqual([
      { id: 1, call: 'mistakes', args: [1] },
      { id: 2, call: 'mistakes', args: [2] },
    ]);
    caller.receive({ id: 2, result: ['second'] });
    caller.receive({ id: 1, error: packError(new DataError('first')) });
    expect(await b).toEqual(['second']);
    await expect(a).rejects.toThrow(DataError);
  });

  test('hand events on', () => {
    const { caller, events } = setUp();
    caller.receive({ event: { kind: 'warning', message: 'full' } });
    expect(events).toEqual([{ kind: 'warning', message: 'full' }]);
  });

  test('reject when the worker is lost, those that wait and those to come, for the first reason', async () => {
    const { caller } = setUp();
    const waiting = caller.call('pause', []);
    caller.lose(new WorkerError('out of memory'));
    caller.lose(new WorkerError('disposed of'));
    await expect(waiting).rejects.toThrow('out of memory');
    await expect(caller.call('pause', [])).rejects.toThrow(WorkerError);
    expect(caller.lost?.message).toBe('out of memory');
    // A reply that comes late is no harm.
    caller.receive({ id: 1, result: undefined });
  });

  test('reject for arguments that cannot be sent, and leave nothing waiting', async () => {
    const { caller, requests } = setUp();
    const data = { pixels: () => 1 } as never;
    await expect(caller.call('predict', [data])).rejects.toThrow(/could not be cloned/);
    expect(requests).toEqual([]);
  });
});

describe('the outbox', () => {
  const batch = (step: number): BatchEnd => ({ step }) as BatchEnd;
  function setUp(): { outbox: Outbox; sent: RunEvent[]; clock: { ms: number } } {
    const clock = { ms: 0 };
    const sent: RunEvent[] = [];
    const outbox = new Outbox(
      (event) => sent.push(event),
      () => clock.ms,
    );
    return { outbox, sent, clock };
  }

  test('sends quick steps together, about 20 times a second, and loses none', () => {
    const { outbox, sent, clock } = setUp();
    for (let step = 1; step <= 1000; step++) {
      outbox.addBatch(batch(step));
      clock.ms += 1;
    }
    outbox.flush();
    expect(sent.length).toBeLessThanOrEqual(22);
    const steps = sent.flatMap((event) =>
      event.kind === 'batches' ? event.batches.map((each) => each.step) : [],
    );
    expect(steps).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
  });

  test('sends slow steps at once', () => {
    const { outbox, sent, clock } = setUp();
    for (let step = 1; step <= 3; step++) {
      outbox.addBatch(batch(step));
      clock.ms += 60;
    }
    expect(sent).toHaveLength(3);
  });

  test('keeps the order with other events', () => {
    const { outbox, sent } = setUp();
    outbox.addBatch(batch(1));
    outbox.addBatch(batch(2));
    outbox.add({ kind: 'warning', message: 'x' });
    expect(sent.map(({ kind }) => kind)).toEqual(['batches', 'batches', 'warning']);
  });
});
