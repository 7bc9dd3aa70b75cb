import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CheckpointError, IoError, OptionError, readRun, runFiles, type RunSpec } from '../../index.js';
import { ensureFolder } from '../../files-node.js';

/**
 * What a run was told, out of its folder; undefined where that has no `run.json`. Throws CheckpointError for a file that is
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
