import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzip, isGzip } from '../../src/data/gunzip.js';
import { DataError } from '../../src/errors.js';

const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
const packed = Uint8Array.from(gzipSync(content));

function flipped(index: number): Uint8Array {
  const copy = packed.slice();
  copy[index] = (copy[index] ?? 0) ^ 0x55;
  return copy;
}

describe('gunzip', () => {
  it('unpacks', async () => {
    expect(await gunzip(packed, 'f')).toEqual(content);
    expect(await gunzip(Uint8Array.from(gzipSync(new Uint8Array(0))), 'f')).toEqual(new Uint8Array(0));
  });

  it('unpacks a view that does not begin at the start of its buffer', async () => {
    const shifted = new Uint8Array(packed.length + 5);
    shifted.set(packed, 5);
    expect(await gunzip(shifted.subarray(5), 'f')).toEqual(content);
  });

  it('tells gzip by its first bytes', () => {
    expect(isGzip(packed)).toBe(true);
    expect(isGzip(content)).toBe(false);
    expect(isGzip(Uint8Array.of(0x1f))).toBe(false);
  });

  const cases: readonly [string, Uint8Array, RegExp][] = [
    ['another file', content, /^f: expected a gzip file \(first bytes 1f 8b\), got 00 01$/],
    ['an empty file', new Uint8Array(0), /got an empty file$/],
    ['only the magic', packed.subarray(0, 2), /^f: expected a whole gzip file, but it is cut off$/],
    ['a cut body', packed.subarray(0, 100), /^f: expected a whole gzip file, but it is cut off$/],
    ['a cut trailer', packed.subarray(0, -4), /but it is cut off$/],
    ['a wrong CRC', flipped(packed.length - 6), /but its checksum does not match its content$/],
    ['a wrong length', flipped(packed.length - 1), /but its checksum does not match its content$/],
    ['a damaged body', flipped(20), /but it is damaged|but its checksum/],
    [
      'text behind the end',
      Uint8Array.of(...packed, ...Buffer.from('hello')),
      /but foreign bytes follow its end$/,
    ],
    [
      'zeros behind the end',
      Uint8Array.of(...packed, ...new Uint8Array(512)),
      /one gzip member and nothing behind it/,
    ],
    ['two members', Uint8Array.of(...packed, ...packed), /give a length of 5000, and 10000 bytes came out/],
  ];
  it.each(cases)('refuses %s', async (_, bytes, message) => {
    await expect(gunzip(bytes, 'f')).rejects.toThrow(DataError);
    await expect(gunzip(bytes, 'f')).rejects.toThrow(message);
  });
});
