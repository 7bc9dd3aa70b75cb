import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { version } from '../artifacts/index.js';
import { writeFileSafely } from '../files-node.js';
import { runtimeVersion } from '../session/node.js';
import type { TuningStore } from './tuning.js';

/** Where choices are kept, and for how many threads. */
export interface NodeTuningOptions {
  /** Folder; default: `tuning` in the system's cache folder for `ort-train`. */
  readonly cacheDir?: string;
  /** Threads within an operator; default: one for each core. */
  readonly threads?: number;
}

/** What the file holds. */
interface TuningFile {
  readonly format: 'ort-train-tuning/1';
  /** Another version of ort-train may compute a form in another way. */
  readonly version: string;
  readonly machine: string;
  readonly choices: Readonly<Record<string, string>>;
  /** Digests of lowered models that have given the portable numbers, the newest last. */
  readonly passed: readonly string[];
}

/** Digests that are kept: a network in one form has one, and they are 70 bytes each. */
const MOST_PASSED = 500;

/**
 * Keeps choices and passed comparisons in a JSON file named after runtime, CPU and threads. A file that is damaged or another version's counts as
 * none, and is replaced.
 *
 * @example
 * const tuning = { batchSize: 64, store: nodeTuningStore({ threads: 2 }) };
 * const trainer = await Trainer.create(network, { createSession: createNodeSession, threads: 2, tuning });
 */
export function nodeTuningStore({ cacheDir, threads }: NodeTuningOptions = {}): TuningStore {
  const cpu = (cpus()[0]?.model ?? 'unknown').toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const machine = `${runtimeVersion()}-${cpu}-${threads ?? availableParallelism()}`;
  const path = join(
    cacheDir ?? join(envPaths('ort-train', { suffix: '' }).cache, 'tuning'),
    `${machine}.json`,
  );
  const read = async (): Promise<Kept> => keptIn(await readFile(path, 'utf8').catch(() => ''), machine);
  const write = async (more: Kept): Promise<void> => {
    // Another run may have written since.
    const { choices, passed } = await read();
    const file: TuningFile = {
      format: 'ort-train-tuning/1',
      version,
      machine,
      choices: { ...choices, ...more.choices },
      passed: [...new Set([...passed, ...more.passed])].slice(-MOST_PASSED),
    };
    await writeFileSafely(path, `${JSON.stringify(file, null, 2)}\n`);
  };
  return {
    machine,
    load: async () => (await read()).choices,
    save: (choices) => write({ choices, passed: [] }),
    hasPassed: async (digest) => (await read()).passed.includes(digest),
    keepPassed: (digest) => write({ choices: {}, passed: [digest] }),
  };
}

/** What is kept of a file's content. */
type Kept = Pick<TuningFile, 'choices' | 'passed'>;

function keptIn(text: string, machine: string): Kept {
  const none: Kept = { choices: {}, passed: [] };
  try {
    const file = JSON.parse(text) as Partial<TuningFile> | null;
    if (file?.format !== 'ort-train-tuning/1' || file.version !== version || file.machine !== machine)
      return none;
    const { choices = {}, passed = [] } = file;
    return {
      choices: Object.fromEntries(Object.entries(choices).filter(([, form]) => typeof form === 'string')),
      passed: Array.isArray(passed) ? passed.filter((digest) => typeof digest === 'string') : [],
    };
  } catch {
    return none;
  }
}
