import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cardFromMetadata, cardToMetadata, type ModelCard } from '../../src/artifacts/index.js';
import { ModelError } from '../../src/errors.js';
import { loadClassifier } from '../../src/export/node.js';
import { readModelCard } from '../../src/export/index.js';
import { hasShared, sharedPath } from '../helpers/shared.js';

const card: ModelCard = {
  network: 'tiny',
  classes: ['a', 'salt, pepper'],
  input: [3, 4, 5],
  normalization: { mean: [0, 0.5, -0.25], std: [1, 0.5, 2] },
  preprocessing: {
    transforms: [{ name: 'resize', size: 8 } as { name: string }, { name: 'centerCrop' }],
    background: '#FFffff',
  },
  provenance: { epochs: 3 },
};

/** The metadata of the card with one entry changed. */
const changed = (key: string, value: unknown): ReadonlyMap<string, string> =>
  new Map(Object.entries({ ...cardToMetadata(card), [`ort_train.${key}`]: JSON.stringify(value) }));

describe('a card', () => {
  test('comes back from the metadata as it was', () => {
    expect(cardFromMetadata(new Map(Object.entries(cardToMetadata(card))), 'm')).toEqual(card);
  });

  test('may have no preprocessing', () => {
    const { preprocessing: _, ...plain } = card;
    const metadata = cardToMetadata(plain);
    expect(metadata).not.toHaveProperty('ort_train.preprocessing');
    expect(cardFromMetadata(new Map(Object.entries(metadata)), 'm')).toEqual(plain);
  });

  test.each([
    ['std 0', 'normalization', { mean: [0, 0, 0], std: [1, 0, 1] }, /std above 0, got .*\[1,0,1\]/],
    ['a negative std', 'normalization', { mean: [0, 0, 0], std: [1, 1, -0.5] }, /std above 0/],
    // What JSON makes of NaN and Infinity.
    ['no number', 'normalization', { mean: [0, 0, null], std: [1, 1, 1] }, /mean and std of 3 channels/],
    ['a label twice', 'classes', ['a', 'b', 'a'], /each label once \('a' comes twice\)/],
    ['no transforms', 'preprocessing', { background: '#ffffff' }, /"background": "#rrggbb"/],
    [
      'a transform without a name',
      'preprocessing',
      { transforms: [{}], background: '#000000' },
      /a name each/,
    ],
    [
      'transforms that are none',
      'preprocessing',
      { transforms: [null], background: '#000000' },
      /a name each/,
    ],
    ['a colour by name', 'preprocessing', { transforms: [], background: 'white' }, /got .*white/],
    ['a list', 'preprocessing', [], /expected/],
    ['null', 'preprocessing', null, /expected/],
  ])('with %s is refused', (_, key, value, message) => {
    const read = (): unknown => cardFromMetadata(changed(key, value), 'm.onnx');
    expect(read).toThrow(ModelError);
    expect(read).toThrow(message);
    expect(read).toThrow(`m.onnx: its metadata 'ort_train.${key}'`);
  });
});

test.skipIf(!hasShared('faults'))('a model with std 0 is not loaded', async () => {
  const path = sharedPath('faults', 'std-0.onnx');
  await expect(loadClassifier(path)).rejects.toThrow(
    /std-0.onnx: its metadata 'ort_train.normalization': .* std above 0/,
  );
  expect(() => readModelCard(readFileSync(path), path)).toThrow(ModelError);
});
