import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll } from 'vitest';
import type { Io } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';
import { embeddedDigits, memoryDataset, type MemoryDataset } from '../../src/index.js';
import { encodeIdxImages, encodeIdxLabels } from '../helpers/idx-encode.js';

/** What a command line gave. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON lines; throws where it is something else. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** A stream that keeps what is written. */
export class Kept extends Writable {
  text = '';
  columns = 80;

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

/** Runs a command line in this process. */
export async function cli(...argv: readonly string[]): Promise<Outcome> {
  return cliWith({}, ...argv);
}

/** The same with another environment or signal. */
export async function cliWith(
  { env = {}, signal }: { readonly env?: Io['env']; readonly signal?: AbortSignal },
  ...argv: readonly string[]
): Promise<Outcome> {
  const [stdout, stderr] = [new Kept(), new Kept()];
  const interruptible = (): AbortSignal => signal ?? new AbortController().signal;
  const status = await run(argv, { stdout, stderr, env, interruptible });
  return {
    status,
    stdout: stdout.text,
    stderr: stderr.text,
    get events() {
      return stdout.text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    },
  };
}

const folders: string[] = [];

/** A folder that is removed after the tests of the file. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ort-train-cli-'));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The files of a small data set: digits, 48 to train on and 24 to test on. */
export function digitFiles(): Record<string, Uint8Array> {
  const { train, test } = embeddedDigits({ train: 48, test: 24, seed: 3 });
  return filesOf(train, test);
}

/** The files of a data set. */
export function filesOf(train: MemoryDataset, test: MemoryDataset): Record<string, Uint8Array> {
  return {
    'train-images-idx3-ubyte': encodeIdxImages(train),
    'train-labels-idx1-ubyte': encodeIdxLabels(train.labels),
    't10k-images-idx3-ubyte': encodeIdxImages(test),
    't10k-labels-idx1-ubyte': encodeIdxLabels(test.labels),
  };
}

/** Writes files into a folder of that name inside a new one. */
export function folderOf(files: Readonly<Record<string, Uint8Array>>, name = 'few-digits'): string {
  const folder = join(tempFolder(), name);
  mkdirSync(folder);
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  return folder;
}

/** A square of grey pixels as a data set. */
export function squares(count: number, side: number): MemoryDataset {
  return memoryDataset({
    name: 'squares',
    images: new Uint8Array(count * side * side).fill(90),
    labels: Int32Array.from({ length: count }, (_, i) => i % 10),
    channels: 1,
    height: side,
    width: side,
    classes: Array.from('0123456789'),
  });
}
