import { version } from '../version.js';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { writeFileSafely } from '../files-node.js';
import { runtimeVersion } from '../session/node.js';
import type { TuningStore } from '../program/tuning.js';

/** Where choices are stored, and for how many threads. */
export interface NodeTuningOptions {
  /** Folder; default: `tuning` in the system's cache folder for `ort-train`. */
  readonly cacheDir?: string;
  /** Threads within an operator; default: one for each core. */
  readonly threads?: number;
}

/** What the file holds. */
interface TuningFile {
  readonly format: 'ort-train-tuning/1';
  /** Another version of ort-train may compute a form differently. */
  readonly version: string;
  readonly machine: string;
  readonly choices?: Readonly<Record<string, string>>;
  /** Digests of lowered models that gave the portable numbers, newest last. */
  readonly passed?: readonly string[];
}

/** How many digests are kept: a network in one form has one, and they are 70 bytes each. */
const MOST_PASSED = 500;

/**
 * Keeps choices and passed comparisons in two JSON files named after runtime, CPU and threads. A file that is damaged or
 * another version's counts as missing, and is replaced.
 *
 * @example
 * const tuning = { batchSize: 64, store: nodeTuningStore({ threads: 2 }) };
 * const trainer = await Trainer.create(network, { createSession: createNodeSession, threads: 2, tuning });
 */
export function nodeTuningStore({ cacheDir, threads }: NodeTuningOptions = {}): TuningStore {
  const cpu = (cpus()[0]?.model ?? 'unknown').toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const machine = `${runtimeVersion()}-${cpu}-${threads ?? availableParallelism()}`;
  const folder = cacheDir ?? join(envPaths('ort-train', { suffix: '' }).cache, 'tuning');
  const choices = new TuningJson(join(folder, `${machine}.json`), machine);
  // A file of its own: every start that compares writes it, and must not restore an old state of the choices.
  const passed = new TuningJson(join(folder, `${machine}-passed.json`), machine);
  return {
    machine,
    load: async () => (await choices.read()).choices,
    save: (more) => choices.change((kept) => ({ choices: { ...kept.choices, ...more } })),
    hasPassed: async (digest) => (await passed.read()).passed.includes(digest),
    keepPassed: (digest) =>
      passed.change((kept) => ({ passed: [...new Set([...kept.passed, digest])].slice(-MOST_PASSED) })),
  };
}

/** Changes of a file that are under way in this process, by its path. */
const changing = new Map<string, Promise<void>>();

/** One of the files; changes from this process happen one after the other, whichever store they go through. */
class TuningJson {
  readonly #path: string;
  readonly #machine: string;

  constructor(path: string, machine: string) {
    this.#path = path;
    this.#machine = machine;
  }

  async read(): Promise<Kept> {
    return keptIn(await readFile(this.#path, 'utf8').catch(() => ''), this.#machine);
  }

  async change(change: (kept: Kept) => Partial<Kept>): Promise<void> {
    const before = changing.get(this.#path) ?? Promise.resolve();
    const done = before.then(() => this.#write(change));
    // Whoever asked learns of a failure; the next change starts all the same.
    const settled = done.catch(() => undefined);
    changing.set(this.#path, settled);
    try {
      await done;
    } finally {
      if (changing.get(this.#path) === settled) changing.delete(this.#path);
    }
  }

  async #write(change: (kept: Kept) => Partial<Kept>): Promise<void> {
    // Another process may have written since.
    const content = change(await this.read());
    const file: TuningFile = { format: 'ort-train-tuning/1', version, machine: this.#machine, ...content };
    await writeFileSafely(this.#path, `${JSON.stringify(file, null, 2)}\n`);
  }
}

/** The part of a file's content that is kept. */
type Kept = Required<Pick<TuningFile, 'choices' | 'passed'>>;

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
