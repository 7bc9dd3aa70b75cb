import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach } from 'vitest';
import { memoryDataset, type MemoryDataset } from '../../src/data/index.js';
import { encodeIdxImages, encodeIdxLabels } from '../helpers/idx-encode.js';
import type { IdxRole } from '../../src/data/idx-files.js';

/** `count` images whose pixels count upwards, with labels 0, 1, ... 9, 0 ... */
export function smallSet(count: number, { channels = 1, height = 4, width = 3 } = {}): MemoryDataset {
  return memoryDataset({
    name: 'small',
    images: Uint8Array.from({ length: count * channels * height * width }, (_, i) => (i * 7) % 256),
    labels: Int32Array.from({ length: count }, (_, i) => i % 10),
    channels,
    height,
    width,
    classes: Array.from('0123456789'),
  });
}

/** The four files of a small data set, uncompressed. */
export function smallFiles(): Record<IdxRole, Uint8Array> {
  const [train, test] = [smallSet(5), smallSet(3)];
  return {
    'train-images': encodeIdxImages(train),
    'train-labels': encodeIdxLabels(train.labels),
    't10k-images': encodeIdxImages(test),
    't10k-labels': encodeIdxLabels(test.labels),
  };
}

const folders: string[] = [];

/** An empty folder that is removed after the test. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ort-train-data-'));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** Writes files, gzipped where their name says so. */
export async function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(folder, name), name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  }
}
