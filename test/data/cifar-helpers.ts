import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { cifarSets, type CifarName, type CifarSet } from '../../src/data/cifar-sets.js';

/** `count` records: fine labels 0, 1, 2 ..., coarse 7, and pixels that differ in each image and plane. */
export function records(kind: CifarName, count: number): Uint8Array {
  const head = kind === 'cifar100' ? 2 : 1;
  const bytes = new Uint8Array(count * (head + 3072));
  for (let i = 0; i < count; i++) {
    const at = i * (head + 3072);
    if (head === 2) bytes[at] = 7;
    bytes[at + head - 1] = i;
    for (let p = 0; p < 3072; p++)
      bytes[at + head + p] = (i * 50 + Math.floor(p / 1024) * 10 + (p % 7)) % 256;
  }
  return bytes;
}

/** The files of a small set: two images in each training file, three in the test file. */
export function cifarFiles(kind: CifarName): Record<string, Uint8Array> {
  const { train, test } = cifarSets[kind].files;
  return Object.fromEntries([
    ...train.map((name) => [name, records(kind, 2)] as const),
    ...test.map((name) => [name, records(kind, 3)] as const),
  ]);
}

/** One tar entry: header and content, padded to blocks of 512. */
export function tarEntry(name: string, content: Uint8Array, type = '0'): Uint8Array {
  const entry = new Uint8Array(512 + Math.ceil(content.length / 512) * 512);
  const put = (text: string, at: number): void => {
    entry.set(new TextEncoder().encode(text), at);
  };
  put(name, 0);
  put(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  put(' '.repeat(8), 148);
  put(type, 156);
  put('ustar\x0000', 257);
  const sum = entry.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  entry.set(content, 512);
  return entry;
}

/** The archive of a small set, as its publisher packs it. */
export function cifarArchive(kind: CifarName, files = cifarFiles(kind)): Uint8Array {
  const { folder } = cifarSets[kind];
  const entries = Object.entries(files).map(([name, bytes]) => tarEntry(`${folder}/${name}`, bytes));
  const none = new Uint8Array(0);
  return gzipSync(Buffer.concat([tarEntry(`${folder}/`, none, '5'), ...entries, new Uint8Array(1024)]));
}

/** A small set at other mirrors. */
export function cifarSetAt(kind: CifarName, archive: Uint8Array, ...mirrors: readonly string[]): CifarSet {
  const hex = createHash('sha256').update(archive).digest('hex');
  const digests = [{ algorithm: 'sha256', of: 'gzip', hex }] as const;
  return { ...cifarSets[kind], mirrors, digests, counts: { train: 2, test: 3 } };
}
