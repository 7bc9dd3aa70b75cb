import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { datasetFromIdx, loadIdx, parseIdxImages, parseIdxLabels } from '../../src/data/idx.js';
import { encodeIdxImages, encodeIdxLabels } from '../helpers/idx-encode.js';
import { DataError } from '../../src/errors.js';
import { smallSet } from './helpers.js';

const images = encodeIdxImages(smallSet(5));
const labels = encodeIdxLabels(smallSet(5).labels);

/** A copy with the big-endian word at `offset` replaced. */
function withWord(bytes: Uint8Array, offset: number, word: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(offset, word);
  return copy;
}

describe('IDX round trip', () => {
  it('images', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.nat(255)),
        (count, height, width, stream) => {
          const pixels = Uint8Array.from(stream.take(count * height * width));
          const encoded = encodeIdxImages({ count, shape: [1, height, width], images: pixels });
          expect(parseIdxImages(encoded, 'file')).toEqual({ count, height, width, images: pixels });
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });

  it('labels', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), (bytes) => {
        expect(parseIdxLabels(encodeIdxLabels(bytes), 'file', 256)).toEqual(bytes);
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it('writes the header of the format, big-endian', () => {
    expect([...images.subarray(0, 16)]).toEqual([0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 3]);
    expect([...labels.subarray(0, 8)]).toEqual([0, 0, 8, 1, 0, 0, 0, 5]);
  });

  it('reads a view that does not begin at the start of its buffer', () => {
    const shifted = new Uint8Array(images.length + 3);
    shifted.set(images, 3);
    expect(parseIdxImages(shifted.subarray(3), 'file').images).toEqual(smallSet(5).images);
  });

  it('refuses to encode several channels', () => {
    expect(() => encodeIdxImages(smallSet(2, { channels: 3 }))).toThrow(
      /expected 24 pixels \(2 images of 4x3, one channel\), got 72/,
    );
  });
});

describe('IDX errors', () => {
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /^f: expected an IDX header of 16 bytes, got a file of 0$/],
    ['half a header', images.subarray(0, 10), /^f: expected an IDX header of 16 bytes, got a file of 10$/],
    ['a cut file', images.subarray(0, 70), /^f: expected 76 bytes \(5 images of 4x3\), got 70: .*cut off$/],
    ['a long file', Uint8Array.of(...images, 0), /^f: expected 76 bytes .*, got 77: the file is too long$/],
    [
      'no images',
      withWord(images, 4, 0),
      /^f: expected at least one image and one pixel, got 0 images of 4x3$/,
    ],
    ['no rows', withWord(images, 8, 0), /got 5 images of 0x3$/],
    ['no columns', withWord(images, 12, 0), /got 5 images of 4x0$/],
    ['a huge count', withWord(images, 4, 0xffffffff), /expected 51539607556 bytes .*, got 76: .*cut off$/],
    [
      'labels',
      labels,
      /expected IDX images \(magic 0x00000803\), got IDX labels .*; were images and labels swapped\?$/,
    ],
    ['gzip', withWord(images, 0, 0x1f8b0800), /got a gzip file \(0x1f8b0800\); it must be unpacked first$/],
    ['a web page', new TextEncoder().encode('<!DOCTYPE html>'), /got a web page \(0x3c21444f\)/],
    ['floats', withWord(images, 0, 0xd03), /got another kind of IDX file \(magic 0x00000d03\)$/],
    ['something else', withWord(images, 0, 0x89504e47), /got no IDX file \(first bytes 0x89504e47\)$/],
  ];
  it.each(cases)('%s instead of images', (_, bytes, message) => {
    expect(() => parseIdxImages(bytes, 'f')).toThrow(DataError);
    expect(() => parseIdxImages(bytes, 'f')).toThrow(message);
  });

  const labelCases: readonly [string, Uint8Array, RegExp][] = [
    ['images', images, /^f: expected IDX labels .*, got IDX images .*; were images and labels swapped\?$/],
    ['no labels', encodeIdxLabels(new Uint8Array(0)), /^f: expected at least one label, got 0$/],
    [
      'a cut file',
      labels.subarray(0, 12),
      /^f: expected 13 bytes \(5 labels\), got 12: the file is cut off$/,
    ],
    ['a long file', Uint8Array.of(...labels, 1), /got 14: the file is too long$/],
    [
      'a label out of range',
      encodeIdxLabels(Uint8Array.of(0, 9, 10)),
      /labels below 10 .*, got 10 at index 2$/,
    ],
  ];
  it.each(labelCases)('%s instead of labels', (_, bytes, message) => {
    expect(() => parseIdxLabels(bytes, 'f', 10)).toThrow(DataError);
    expect(() => parseIdxLabels(bytes, 'f', 10)).toThrow(message);
  });
});

describe('datasetFromIdx', () => {
  const classes = Array.from('0123456789');

  it('joins images and labels', () => {
    expect(datasetFromIdx({ name: 'small', images, labels, classes })).toEqual(smallSet(5));
  });

  it('names both files when the counts differ', () => {
    const source = { name: 'n', images, labels: encodeIdxLabels(smallSet(4).labels), classes };
    expect(() => datasetFromIdx(source)).toThrow(
      'n labels: expected 5 labels, one for each image of n images, got 4',
    );
    expect(() => datasetFromIdx({ ...source, imagesWhere: 'a', labelsWhere: 'b' })).toThrow(
      'b: expected 5 labels, one for each image of a, got 4',
    );
  });

  it('takes the range of the labels from the classes', () => {
    expect(() => datasetFromIdx({ name: 'n', images, labels, classes: ['a', 'b', 'c', 'd'] })).toThrow(
      'n labels: expected labels below 4 (the number of classes), got 4 at index 4',
    );
  });
});

describe('loadIdx', () => {
  const source = { name: 'small', classes: Array.from('0123456789') };

  it('takes plain and gzip files alike', async () => {
    expect(await loadIdx({ ...source, images, labels })).toEqual(smallSet(5));
    expect(await loadIdx({ ...source, images: gzipSync(images), labels: gzipSync(labels) })).toEqual(
      smallSet(5),
    );
  });

  it('refuses swapped and damaged files, and names them', async () => {
    const swapped = loadIdx({ ...source, images: gzipSync(labels), labels: gzipSync(images) });
    await expect(swapped).rejects.toThrow(
      /^small images: expected IDX images .*were images and labels swapped\?$/,
    );
    const cut = loadIdx({ ...source, images, labels: gzipSync(labels).subarray(0, 20), labelsWhere: 'l.gz' });
    await expect(cut).rejects.toThrow(/^l\.gz: expected a whole gzip file, but it is cut off$/);
  });
});
