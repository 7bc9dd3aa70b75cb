import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  checkRun,
  CheckpointError,
  IoError,
  OptionError,
  readRun,
  runFiles,
  type RunSpec,
} from '../../index.js';
import { ensureFolder } from '../../files-node.js';
import { defined } from '../../checks.js';

/**
 * The spec of a run, from its folder; undefined if that has no `run.json`. Throws CheckpointError for a file that is
 * something else.
 */
export async function loadRun(folder: string): Promise<RunSpec | undefined> {
  const path = join(folder, runFiles.run);
  if (!(await exists(path))) return undefined;
  try {
    return await readRun(path);
  } catch (cause) {
    throw cause instanceof OptionError ? new CheckpointError(cause.message, { cause }) : cause;
  }
}

/** The network, labels and normalisation of a run in its folder, of version 0.1.0 too, whose runs can be exported. */
export async function loadCard(folder: string): Promise<RunSpec | undefined> {
  const path = join(folder, runFiles.run);
  const saved = (await readFile(path, 'utf8').then(JSON.parse, () => null)) as Partial<OldRun> | null;
  if (saved?.format !== 'ort-train-run/1') return loadRun(folder);
  const { preset, network, labels, normalization, data } = saved;
  return checkRun(
    defined({ preset, ...network, normalization, data, dataOptions: labels && { classes: labels } }),
    path,
  );
}

/** From a `run.json` of version 0.1.0, what an exported model says about itself. */
interface OldRun extends Pick<RunSpec, 'preset' | 'normalization' | 'data'> {
  readonly format: 'ort-train-run/1';
  readonly network: Pick<RunSpec, 'classes' | 'channels' | 'imageSize'>;
  readonly labels: readonly string[];
}

/** The folder of a run to resume: `given` is that folder or its checkpoint. */
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

/** `runs/<preset>-<data>`, or with a number appended if that one already has a run; it is created. */
export async function newRunFolder(preset: string, data: string): Promise<string> {
  const name = basename(resolve(data)).replace(/[^\w.-]+/g, '-');
  const base = join('runs', `${preset}-${name}`);
  await ensureFolder('runs');
  for (let number = 1; ; number++) {
    const folder = number === 1 ? base : `${base}-${number}`;
    if (await claim(folder)) return folder;
  }
}

/** Creates the folder, or takes one without a run. False if it has one. */
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

/** Whether the file or folder exists. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
