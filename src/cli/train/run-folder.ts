import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  CheckpointError,
  IoError,
  dataNames,
  runFiles,
  type Augmentation,
  type Normalization,
  type OptimizerOptions,
  type PresetName,
  type PresetOptions,
  type SchedulerSpec,
} from '../../index.js';
import { ensureFolder, writeFileSafely } from '../../files-node.js';

/** What a run was told, kept beside its checkpoint, so that `--resume` needs nothing else. */
export interface SavedRun {
  readonly format: 'ort-train-run/1';
  readonly preset: PresetName;
  readonly network: PresetOptions;
  /** Name of a set, or the absolute path of a folder. */
  readonly data: string;
  readonly labels?: readonly string[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: OptimizerOptions;
  readonly scheduler: SchedulerSpec;
  readonly labelSmoothing: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** What was not trained, as `freeze` takes it. */
  readonly freeze?: { readonly patterns: readonly string[]; readonly except: readonly string[] };
  readonly augment?: Augmentation;
  readonly normalization?: Normalization;
  readonly foldBatchNorm?: boolean;
}

/** Name of the file that holds a `SavedRun`. */
export const runFile = 'run.json';

/** Writes what a run was told into its folder. */
export async function saveRun(folder: string, run: Omit<SavedRun, 'format'>): Promise<void> {
  const saved: SavedRun = { format: 'ort-train-run/1', ...run };
  await writeFileSafely(join(folder, runFile), `${JSON.stringify(saved, null, 2)}\n`);
}

/** Reads it back; undefined where the folder has none. Throws CheckpointError for a file that is something else. */
export async function loadRun(folder: string): Promise<SavedRun | undefined> {
  const path = join(folder, runFile);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<SavedRun> | null;
    if (value?.format === 'ort-train-run/1') return value as SavedRun;
  } catch {
    // Said below.
  }
  throw new CheckpointError(`${path}: expected the settings of a run (ort-train-run/1), got something else`);
}

/** Where a run to be resumed lies: `given` is its folder or its checkpoint. */
export async function locateRun(
  given: string,
): Promise<{ readonly folder: string; readonly checkpoint: string }> {
  const info = await stat(given).catch(() => undefined);
  if (info?.isDirectory() !== true) return { folder: dirname(given), checkpoint: given };
  const checkpoint = join(given, runFiles.checkpoint);
  if (!(await exists(checkpoint))) {
    throw new CheckpointError(`${given}: expected a run with a ${runFiles.checkpoint}, but there is none`);
  }
  return { folder: given, checkpoint };
}

/** The data as a saved run names them. */
export function dataReference(data: string): string {
  return dataNames.includes(data) ? data : resolve(data);
}

/** `runs/<preset>-<data>`, or with a number behind where that one has a run already; it is made. */
export async function newRunFolder(preset: string, data: string): Promise<string> {
  const name = basename(resolve(data)).replace(/[^\w.-]+/g, '-');
  const base = join('runs', `${preset}-${name}`);
  await ensureFolder('runs');
  for (let number = 1; ; number++) {
    const folder = number === 1 ? base : `${base}-${number}`;
    if (await claim(folder)) return folder;
  }
}

/** Makes the folder, or takes one without a run. False if there is one. */
async function claim(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw new IoError(`cannot make the folder ${folder}: ${String(error)}`, { cause: error });
    }
    return (await readdir(folder).catch(() => ['?'])).length === 0;
  }
}

/** Whether a folder holds a run's model or checkpoint. */
export async function holdsRun(folder: string): Promise<boolean> {
  return (await exists(join(folder, runFiles.model))) || (await exists(join(folder, runFiles.checkpoint)));
}

/** Whether there is a file or folder. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
