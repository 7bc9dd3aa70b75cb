import { dirname, resolve } from 'node:path';
import { dataNames } from '../../data/node.js';
import { readFileBytes } from '../../files-node.js';
import { defined } from '../../checks.js';
import { parseRun } from './read.js';
import type { RunSpec } from './run.js';

/**
 * Reads a `run.json`. Paths in it are relative to its folder; a run writes absolute ones. Throws IoError for a
 * file that cannot be read, OptionError as `parseRun`.
 *
 * @example
 * const { testAccuracy } = await trainResNet({ ...(await readRun('runs/a/run.json')), out: 'runs/b' });
 */
export async function readRun(path: string): Promise<RunSpec> {
  const spec = parseRun(new TextDecoder().decode(await readFileBytes(path)), path);
  const at = (given: string | undefined): string | undefined =>
    given === undefined ? undefined : resolve(dirname(path), given);
  const { data, init, out, dataOptions } = spec;
  return {
    ...spec,
    ...defined({
      init: at(init),
      out: at(out),
      data: data !== undefined && dataNames.includes(data) ? data : at(data),
    }),
    ...(dataOptions && {
      dataOptions: { ...dataOptions, ...defined({ cacheDir: at(dataOptions.cacheDir) }) },
    }),
  };
}
