import { createTrainingArtifacts } from '../../src/artifacts/index.js';
import { describe, expect, test } from 'vitest';
import { DeviceError, ModelError } from '../../src/errors.js';
import { createNodeSession, runtimeVersion } from '../../src/session/node.js';
import {
  deviceNames,
  type Session,
  type SessionOptions,
  type Tensors,
  type TensorData,
} from '../../src/program/index.js';
import { probeDevice } from '../helpers/probe-device.js';
import { tinyNetwork } from '../train/tiny.js';

const { eval: model, manifest } = createTrainingArtifacts(tinyNetwork());
const { size } = manifest.parameters;

/** What this machine can start; the tests hold on any. */
const probes = await Promise.all(deviceNames.map((device) => probeDevice(device, model)));
const unusable = probes.filter(({ usable }) => !usable);

function float(...shape: readonly number[]): TensorData {
  return { dtype: 'float32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
}

const feeds: Tensors = {
  params: float(size),
  input: float(2, 1, 8, 8),
  target: { dtype: 'int32', shape: [2], data: Int32Array.of(0, 1) },
};

async function withSession(body: (session: Session) => Promise<void>): Promise<void> {
  const session = await createNodeSession(model, { threads: 1 });
  try {
    await body(session);
  } finally {
    await session.dispose();
  }
}

describe('choosing an execution provider', () => {
  const create = (options: SessionOptions) => createNodeSession(model, options);

  test('cpu is the default, with a thread for each core', async () => {
    const session = await create({});
    expect(session.device).toMatchObject({ chosen: 'cpu', runtime: runtimeVersion(), rejected: [] });
    expect(session.device.threads).toBeGreaterThan(0);
    await session.dispose();
  });

  test.each(unusable)(
    '$device alone, which cannot start here, is an error that says how to get it',
    async (probe) => {
      const creating = create({ devices: [probe.device] });
      await expect(creating).rejects.toThrow(DeviceError);
      await expect(creating).rejects.toThrow(
        new RegExp(`^${probe.device} cannot start \\(.+\\); it (needs|runs|belongs) `),
      );
      // One line, and nothing of ONNX Runtime's own source files.
      await expect(creating).rejects.not.toThrow(/\n|onnxruntime_src|\.cc:/);
      expect(probe.reason).toMatch(/cannot start/);
    },
  );

  test('a list falls through to what starts, and says why', async () => {
    const devices = [...unusable.map(({ device }) => device), 'cpu'];
    const session = await create({ devices, threads: 1 });
    expect(session.device.chosen).toBe('cpu');
    expect(session.device.rejected.map(({ device }) => device)).toEqual(unusable.map(({ device }) => device));
    expect(session.device.rejected.every(({ reason }) => reason !== '')).toBe(true);
    await session.dispose();
  });

  test('a list of which none starts names them all', async () => {
    const names = unusable.map(({ device }) => device);
    await expect(create({ devices: names })).rejects.toThrow(
      new RegExp(names.map((name) => `${name} cannot start`).join('.*')),
    );
  });

  test.each<readonly [what: string, options: Readonly<Record<string, unknown>>, message: RegExp]>([
    ['an unknown one', { devices: ['gpu'] }, /^device: expected one of cpu, cuda, webgpu, wasm, got 'gpu'$/],
    ['an unknown one behind a good one', { devices: ['cpu', 'gpu'] }, /got 'gpu'$/],
    ['none', { devices: [] }, /^device: expected at least one execution provider, got none$/],
    ['a name instead of a list', { devices: 'cpu' }, /^devices: expected a list such as .*, got "cpu"$/],
    ['no thread', { threads: 0 }, /^threads: expected a whole number of at least 1, got 0$/],
    ['half a thread', { threads: 0.5 }, /^threads: .* got 0\.5$/],
    ['NaN threads', { threads: NaN }, /^threads: .* got NaN$/],
  ])('%s is refused', async (_, options, message) => {
    const creating = create(options);
    await expect(creating).rejects.toThrow(DeviceError);
    await expect(creating).rejects.toThrow(message);
  });

  test('a model that is none is a ModelError', async () => {
    for (const bytes of [new Uint8Array(), new Uint8Array(9), model.subarray(0, 500)]) {
      const creating = createNodeSession(bytes);
      await expect(creating).rejects.toThrow(ModelError);
      await expect(creating).rejects.toThrow(/^ONNX Runtime cannot load the model: /);
    }
  });
});

describe('running', () => {
  test('gives outputs by name, into fresh or given memory', () =>
    withSession(async (session) => {
      const { logits, loss } = await session.run(feeds, ['logits', 'loss']);
      expect(logits).toMatchObject({ dtype: 'float32', shape: [2, 3] });
      const given = { logits: float(2, 3), loss: float(1) };
      (given.logits.data as Float32Array).fill(7);
      const results = await session.run(feeds, { logits: given.logits, loss: { ...given.loss, shape: [] } });
      expect(results['logits']).toBe(given.logits);
      expect(given.logits.data).toEqual(logits?.data);
      // Zero weights: every class alike, so the loss is ln 3, rounded to float32.
      expect(loss?.data[0]).toBeCloseTo(Math.log(3), 6);
    }));

  test.each<readonly [what: string, feeds: Tensors, outputs: readonly string[], message: RegExp]>([
    ['a missing input', { params: float(size) }, ['loss'], /'input' is missing/],
    ['another size', { ...feeds, input: float(2, 1, 7, 8) }, ['loss'], /input .*Got: 7 Expected: 8/],
    ['another rank', { ...feeds, input: float(2, 64) }, ['loss'], /rank/i],
    ['another dtype', { ...feeds, target: float(2) }, ['loss'], /Actual: \(tensor\(float\)\)/],
    [
      'a shape that is not the data’s',
      { ...feeds, params: { ...float(3), shape: [size] } },
      ['loss'],
      /size/,
    ],
    ['an unknown output', feeds, ['nothing'], /nothing/],
  ])('%s is a ModelError of one line', async (_, wrong, outputs, message) => {
    await withSession(async (session) => {
      const running = session.run(wrong, outputs);
      await expect(running).rejects.toThrow(ModelError);
      await expect(running).rejects.toThrow(/^ONNX Runtime cannot run the model on cpu: [^\n]+$/);
      await expect(running).rejects.toThrow(message);
      // The session is none the worse for it.
      await expect(session.run(feeds, ['loss'])).resolves.toBeDefined();
    });
  });

  test('with results of their own memory: the same numbers, and errors are errors still', async () => {
    const session = await createNodeSession(model, { threads: 1, givenResults: true });
    await withSession(async (plain) => {
      expect(session.outputNames).toEqual(plain.outputNames);
      const given = { loss: float(), logits: float(2, 3) };
      const expected = await plain.run(feeds, ['loss', 'logits']);
      expect(await session.run(feeds, given)).toBe(given);
      expect(given.loss.data).toEqual(expected['loss']?.data);
      expect(given.logits.data).toEqual(expected['logits']?.data);
      expect(await session.run(feeds, ['loss'])).toEqual(await plain.run(feeds, ['loss']));
      await expect(session.run(feeds, { loss: float(7) })).rejects.toThrow(ModelError);
      await expect(session.run({}, given)).rejects.toThrow(ModelError);
    });
    await session.dispose();
  });

  test('after dispose is an error that says so; a second dispose is none', async () => {
    const session = await createNodeSession(model, { threads: 1 });
    await session.dispose();
    await session.dispose();
    await expect(session.run(feeds, ['loss'])).rejects.toThrow(ModelError);
    await expect(session.run(feeds, ['loss'])).rejects.toThrow(/disposed/);
  });
});
