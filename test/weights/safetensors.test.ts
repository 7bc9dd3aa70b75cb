import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../src/weights/index.js';
import { CheckpointError } from '../../src/errors.js';
import { newArray, tensorOf, type DType, type TensorData } from '../../src/ir/index.js';
import { readSafeTensors } from '../helpers/safetensors.js';

const seed = 20261124;
const initFile = new URL('../../../shared/golden/seed-mnist/init.safetensors', import.meta.url);

/** A file of this header text (or bytes) and this many bytes of data. */
function file(header: string | Uint8Array, dataSize = 0, length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataSize);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function entry(
  start: number,
  end: number,
  shape: readonly number[] = [(end - start) / 4],
  dtype = 'F32',
): string {
  return JSON.stringify({ dtype, shape, data_offsets: [start, end] });
}

describe('safetensors', () => {
  it('round-trips every dtype, name and shape, in order, bit for bit', () => {
    const dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'];
    const tensor = fc
      .record({
        dtype: fc.constantFrom(...dtypes),
        shape: fc.array(fc.nat(3), { maxLength: 4 }),
        fill: fc.nat(255),
      })
      .map(({ dtype, shape, fill }): TensorData => {
        const data = newArray(
          dtype,
          shape.reduce((product, dim) => product * dim, 1),
        );
        new Uint8Array(data.buffer).fill(fill);
        return { dtype, shape, data };
      });
    const name = fc
      .oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('0', '__proto__', '{"a":1}', 'b\\"', ''))
      .filter((text) => text !== '__metadata__');
    const named = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 });
    const metadata = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true });
    const property = fc.property(named, metadata, (entries, texts) => {
      const bytes = encodeSafetensors(new Map(entries), texts);
      expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
      const back = decodeSafetensors(bytes, 'x');
      // Tensors without elements share their offset with the next one, so their order is not in the file.
      expect(new Set(back.tensors.keys())).toEqual(new Set(entries.map(([key]) => key)));
      for (const [key, { dtype, shape, data }] of entries) {
        const came = back.tensors.get(key);
        expect({ dtype: came?.dtype, shape: came?.shape }).toEqual({ dtype, shape });
        expect(came && Buffer.from(came.data.buffer, came.data.byteOffset, came.data.byteLength)).toEqual(
          Buffer.from(data.buffer),
        );
      }
      expect([...back.metadata]).toEqual(Object.entries(texts));
    });
    fc.assert(property, { seed, numRuns: 300 });
  });

  it('gives views where the file is aligned, copies where it is not', () => {
    const bytes = encodeSafetensors(new Map([['a', tensorOf('float32', [2], [1, 2])]]));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeSafetensors(bytes, 'x').tensors.get('a')?.data.buffer).toBe(bytes.buffer);
    const copy = decodeSafetensors(shifted.subarray(1), 'x').tensors.get('a');
    expect(copy).toEqual(tensorOf('float32', [2], [1, 2]));
    expect(copy?.data.buffer).not.toBe(shifted.buffer);
  });

  it('refuses to write what the format cannot hold', () => {
    const write = (name: string, tensor: TensorData) => () => encodeSafetensors(new Map([[name, tensor]]));
    const good = tensorOf('float32', [1], [1]);
    expect(write('w', { ...good, shape: [2] })).toThrow(
      /tensor 'w': expected 8 bytes for float32\[2\], got 4/,
    );
    expect(write('__metadata__', good)).toThrow(/reserved/);
    expect(write('\ud800', good)).toThrow(/half a surrogate pair/);
  });

  const damaged: readonly (readonly [what: string, bytes: Uint8Array, message: RegExp])[] = [
    ['a file of 7 bytes', new Uint8Array(7), /f: expected a safetensors file of 8 bytes or more, got 7/],
    [
      'a header beyond the file',
      file('{}', 0, 3n),
      /expected a header of 3 bytes, got a file that ends 2 bytes/,
    ],
    ['a header beyond 100 MB', file('{}', 0, 2n ** 63n), /at most 100000000 bytes, got 9223372036854775808/],
    ['bytes that are no UTF-8', file(Uint8Array.of(0x7b, 0xff, 0x7d)), /expected a header in UTF-8/],
    ['a header that is no object', file('[]'), /starts with '\{', got "\[\]"/],
    ['a header that is no JSON', file('{"a":}'), /expected a header in JSON/],
    ['an empty header', file(''), /starts with '\{', got ""/],
    ['a name twice', file(`{"a":${entry(0, 4)},"a":${entry(0, 4)}}`, 4), /each name once .* got 'a' twice/],
    ['a name twice in disguise', file(`{"a":${entry(0, 4)},"\\u0061":${entry(0, 4)}}`, 4), /got 'a' twice/],
    [
      'a field twice',
      file('{"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}}', 1),
      /'dtype' twice/,
    ],
    ['metadata that are no text', file('{"__metadata__":{"k":1}}'), /expected a string for 'k', got 1/],
    [
      'metadata that are no object',
      file('{"__metadata__":"k"}'),
      /__metadata__: expected an object, got "k"/,
    ],
    ['an entry that is no object', file('{"a":null}'), /tensor 'a': expected an object, got null/],
    [
      'no dtype',
      file('{"a":{"shape":[],"data_offsets":[0,4]}}', 4),
      /tensor 'a': expected a dtype, got undefined/,
    ],
    [
      'a foreign dtype',
      file(`{"a":${entry(0, 2, [1], 'BF16')}}`, 2),
      /tensor 'a': expected a dtype of F32.*, got BF16/,
    ],
    [
      'a negative size',
      file(`{"a":${entry(0, 4, [-1])}}`, 4),
      /shape: expected a list of integers from 0, got \[-1\]/,
    ],
    [
      'three offsets',
      file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}', 1),
      /expected two numbers/,
    ],
    ['offsets the wrong way', file(`{"a":${entry(0, 4)},"b":${entry(4, 0, [1])}}`, 4), /tensor 'b'/],
    [
      'a size that does not fit',
      file(`{"a":${entry(0, 4, [2])}}`, 4),
      /expected 8 bytes for F32 \[2\], got 4/,
    ],
    [
      'a size beyond all numbers',
      file(`{"a":${entry(0, 4, [2 ** 52, 2 ** 52])}}`, 4),
      /tensor 'a': expected .* got 4/,
    ],
    [
      'data beyond the file',
      file(`{"a":${entry(0, 8)}}`, 4),
      /tensor 'a': expected its data to end within 4 bytes, got 8/,
    ],
    [
      'an overlap',
      file(`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12),
      /tensor 'b': .* byte 8, got 4, which overlaps/,
    ],
    [
      'a hole',
      file(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12),
      /tensor 'b': .* byte 4, got 8, which leaves a hole/,
    ],
    ['a start that is not 0', file(`{"a":${entry(4, 8)}}`, 8), /tensor 'a': .* byte 0, got 4/],
    [
      'bytes at the end',
      file(`{"a":${entry(0, 4)}}`, 5),
      /f: expected 4 bytes of data, as the header says, got 5/,
    ],
  ];
  it.each(damaged)('refuses %s', (_, bytes, message) => {
    const read = (): unknown => decodeSafetensors(bytes, 'f');
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(message);
  });

  it('throws CheckpointError only, whatever bytes come', () => {
    const whole = encodeSafetensors(new Map([['a', tensorOf('float32', [2], [1, 2])]]), { k: 'v' });
    const property = fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const bytes = whole.slice();
      bytes[at] = byte;
      try {
        decodeSafetensors(bytes, 'f');
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    });
    fc.assert(property, { seed, numRuns: 2000 });
  });

  it.skipIf(!existsSync(initFile))(
    'reads the weights that PyTorch wrote (skipped without shared/golden)',
    () => {
      const bytes = readFileSync(initFile);
      const { tensors, metadata } = decodeSafetensors(bytes, 'init.safetensors');
      const expected = readSafeTensors(bytes);
      expect([...tensors.keys()].sort()).toEqual([...expected.tensors.keys()].sort());
      for (const [name, { shape, data }] of tensors) {
        expect(shape).toEqual(expected.tensors.get(name)?.shape);
        expect(Array.from(data, Number)).toEqual(Array.from(expected.tensors.get(name)?.data ?? []));
      }
      const again = decodeSafetensors(encodeSafetensors(tensors, Object.fromEntries(metadata)), 'again');
      expect([...again.tensors]).toEqual([...tensors]);
    },
  );
});
