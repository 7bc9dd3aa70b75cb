import {
  decodeCheckpoint,
  encodeCheckpoint,
  decodeSafetensors,
  encodeSafetensors,
  freshState,
} from '../../src/weights/index.js';
import type { OptimizerOptions, TrainingState } from '../../src/program/index.js';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../../src/errors.js';
import { tensorOf, type TensorData } from '../../src/ir/index.js';
import { fill } from '../helpers/golden.js';
import { tinyNetwork } from '../train/tiny.js';

const network = tinyNetwork({ norm: true });
const adam: OptimizerOptions = { kind: 'adam' };
const progress = { step: 7, epoch: 2, extra: { any: ['json', 1.5, null] } };

/** A state whose vectors all differ. */
function someState(optimizer: OptimizerOptions): TrainingState {
  const { params, buffers, frozen, slots } = freshState(network, optimizer, 1);
  return {
    params,
    buffers,
    frozen,
    slots: Object.fromEntries(
      Object.entries(slots).map(([name, { length }], i) => [name, Float32Array.from(fill(i + 2, length))]),
    ),
  };
}

describe('a checkpoint', () => {
  test.each<OptimizerOptions>([adam, { kind: 'sgd' }, { kind: 'sgd', momentum: 0.9 }])(
    'comes back bit for bit: %o',
    (optimizer) => {
      const state = someState(optimizer);
      const bytes = encodeCheckpoint(network, optimizer, { state, progress });
      expect(decodeCheckpoint(network, optimizer, bytes, 'c')).toEqual({ state, progress });
    },
  );

  test('holds each weight under its own name, for any safetensors reader', () => {
    const { tensors, metadata } = decodeSafetensors(
      encodeCheckpoint(network, adam, { state: someState(adam), progress }),
      'c',
    );
    expect(tensors.get('block1.conv1.weight')?.shape).toEqual([4, 4, 3, 3]);
    expect(tensors.get('bn1.running_var')?.data).toEqual(Float32Array.of(1, 1, 1, 1));
    expect(metadata.get('network')).toBe('tiny');
    expect(metadata.get('step')).toBe('7');
  });

  test('is not aliased with the bytes that it was read from', () => {
    const bytes = encodeCheckpoint(network, adam, { state: someState(adam), progress });
    const before = bytes.slice();
    const { state } = decodeCheckpoint(network, adam, bytes, 'c');
    for (const vector of [state.params, state.buffers, ...Object.values(state.slots)]) vector.fill(0);
    expect(bytes).toEqual(before);
  });

  test('has no optimizer vectors before the first step, and zeros are read in their place', () => {
    const start = { step: 0, epoch: 0, extra: null };
    const state = freshState(network, adam, 1);
    const bytes = encodeCheckpoint(network, adam, { state, progress: start });
    const names = [...decodeSafetensors(bytes, 'c').tensors.keys()];
    expect(names.toSorted()).toEqual(network.state.map(({ name }) => name).toSorted());
    expect(decodeCheckpoint(network, adam, bytes, 'c')).toEqual({ state, progress: start });
  });

  test('may be plain weights, those of PyTorch with their counters too', () => {
    const { tensors } = decodeSafetensors(
      encodeCheckpoint(network, adam, { state: someState(adam), progress }),
      'c',
    );
    const plain = new Map([...tensors].filter(([name]) => !name.startsWith('optimizer.')));
    plain.set('bn1.num_batches_tracked', tensorOf('int64', [], [3]));
    const read = decodeCheckpoint(network, adam, encodeSafetensors(plain), 'c');
    expect(read.progress).toEqual({ step: 0, epoch: 0, extra: null });
    expect(read.state.params).toEqual(someState(adam).params);
  });
});

describe('a wrong checkpoint', () => {
  const whole = encodeCheckpoint(network, adam, { state: someState(adam), progress });
  const { tensors, metadata } = decodeSafetensors(whole, 'c');
  const changed = (
    edit: (tensors: Map<string, TensorData>) => void,
    more: Readonly<Record<string, string>> = {},
  ): Uint8Array => {
    const copy = new Map(tensors);
    edit(copy);
    return encodeSafetensors(copy, { ...Object.fromEntries(metadata), ...more });
  };
  const keep = (): void => undefined;

  test.each<readonly [what: string, bytes: Uint8Array, message: RegExp]>([
    ['cut off', whole.subarray(0, whole.length - 5), /^c: /],
    ['empty', new Uint8Array(), /^c: .* got 0$/],
    [
      'without a weight',
      changed((t) => t.delete('head.bias')),
      /^c does not fit .* tiny: 'head.bias' \[3\] is missing/,
    ],
    ['with one more', changed((t) => t.set('x', tensorOf('float32', [1], [1]))), /'x' is unexpected/],
    [
      'with another shape',
      changed((t) => t.set('head.bias', tensorOf('float32', [1, 3], [1, 2, 3]))),
      /'head.bias': expected \[3\], got \[1,3\]/,
    ],
    [
      'with another dtype',
      changed((t) => t.set('head.bias', tensorOf('float64', [3], [1, 2, 3]))),
      /'head.bias': expected float32, got float64/,
    ],
    [
      'without a moment',
      changed((t) => t.delete('optimizer.second_moment')),
      /'optimizer.second_moment' \[\d+\] of the optimizer adam, got nothing/,
    ],
    [
      'with a short moment',
      changed((t) => t.set('optimizer.first_moment', tensorOf('float32', [1], [1]))),
      /'optimizer.first_moment' \[\d+\] .* got float32\[1\]/,
    ],
    ['with a bad step', changed(keep, { step: '-1' }), /^c: step: expected a whole number .* got '-1'/],
    ['with a bad epoch', changed(keep, { epoch: 'x' }), /^c: epoch: .* got 'x'/],
    ['with bad progress', changed(keep, { extra: '{' }), /^c: its 'extra' metadata is not JSON/],
  ])('%s is refused', (_, bytes, message) => {
    const read = (): unknown => decodeCheckpoint(network, adam, bytes, 'c');
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(message);
  });

  test('of another network is refused with a list that stays short', () => {
    const other = encodeSafetensors(
      new Map(Array.from({ length: 30 }, (_, i) => [`w${i}`, tensorOf('float32', [1], [0])])),
    );
    const read = (): unknown => decodeCheckpoint(network, adam, other, 'c');
    expect(read).toThrow(/and \d+ more$/);
  });

  test('of another optimizer is refused', () => {
    const sgd = encodeCheckpoint(network, { kind: 'sgd' }, { state: someState({ kind: 'sgd' }), progress });
    expect(() => decodeCheckpoint(network, adam, sgd, 'c')).toThrow(/first_moment.* got nothing/);
  });
});
