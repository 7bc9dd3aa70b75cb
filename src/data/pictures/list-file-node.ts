import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { DataError } from '../../errors.js';
import { describeCause, orIoError } from '../io-node.js';
import { arrange } from './arrange.js';
import { partOf, type LabelledPicture } from './labelled.js';
import { csvRows } from './list-csv-node.js';
import { jsonRows } from './list-json.js';
import type { ListRow } from './list-row.js';
import type { ListOptions, PictureListing } from './listing.js';
import { mapConcurrently } from './concurrently.js';

/** How many files are looked for at a time. */
const AT_A_TIME = 32;

/** A line, and the file that it names. */
interface Placed {
  readonly row: ListRow;
  readonly file: string;
}

/** Whether a path is that of a list, by its name. */
export function isList(path: string): boolean {
  return /\.(csv|jsonl|ndjson)$/i.test(path);
}

/**
 * Lists the pictures of a CSV or JSON-lines file: `path,label` or `path,label,split` on each line, or
 * `{"path": "a.png", "label": "cat", "split": "train"}`. Paths are relative to the list; splits are train, val (valid,
 * validation) and test.
 *
 * @throws DataError that names the line for one that is not of this form, and for a file that is missing; IoError if the
 *   list cannot be read; else as `arrange`.
 */
export async function listListed(list: string, options: ListOptions): Promise<PictureListing> {
  const rows = (/\.csv$/i.test(list) ? csvRows : jsonRows)(await readText(list), list);
  if (rows.length === 0) throw new DataError(`${list}: expected a line for each picture, got none`);
  checkSplits(list, rows);
  const placed = rows.map((row): Placed => {
    const file = isAbsolute(row.path) ? row.path : join(dirname(list), row.path);
    return { row, file };
  });
  checkLabels(list, placed);
  await checkFiles(list, placed);
  const pictures = placed.map(({ row: { path, label, split }, file }): LabelledPicture => {
    const part = split === undefined ? undefined : partOf(split);
    return { key: path, where: file, label, ...(part && { part }), at: { path: resolve(file) } };
  });
  const name = basename(list, extname(list));
  return arrange({ name, where: list, pictures, skipped: [], warnings: [] }, options);
}

async function readText(list: string): Promise<string> {
  const bytes = await orIoError(`${list}: cannot read the list`, readFile(list));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DataError(`${list}: expected text in UTF-8, got bytes that are not: save it as UTF-8`, {
      cause,
    });
  }
}

/** A split on every line or on none, and each one that is known. */
function checkSplits(list: string, rows: readonly ListRow[]): void {
  const withSplit = rows.find(({ split }) => split !== undefined);
  const without = rows.find(({ split }) => split === undefined);
  if (withSplit !== undefined && without !== undefined) {
    throw new DataError(
      `${list}: line ${without.line}: expected a split, as line ${withSplit.line} has one, got none`,
    );
  }
  const unknown = rows.find(({ split }) => split !== undefined && partOf(split) === undefined);
  if (unknown !== undefined) {
    throw new DataError(
      `${list}: line ${unknown.line}: expected the split train, val (valid, validation) or test, got '${unknown.split ?? ''}'`,
    );
  }
}

/** One label for one file, however its path is written. */
function checkLabels(list: string, placed: readonly Placed[]): void {
  const first = new Map<string, ListRow>();
  for (const { row, file } of placed) {
    const path = resolve(file);
    const before = first.get(path);
    if (before === undefined) first.set(path, row);
    else if (before.label !== row.label) {
      throw new DataError(
        `${list}: line ${row.line}: expected one label for ${row.path}, got '${row.label}', and '${before.label}' on line ${before.line}`,
      );
    }
  }
}

async function checkFiles(list: string, placed: readonly Placed[]): Promise<void> {
  const problems = await mapConcurrently(placed, AT_A_TIME, async ({ file }) => {
    try {
      return (await stat(file)).isDirectory() ? 'it is a folder' : undefined;
    } catch (cause) {
      const problem = describeCause(cause);
      return problem.startsWith('ENOENT') ? 'there is no such file' : problem;
    }
  });
  const bad = placed.flatMap(({ row, file }, i) => {
    const problem = problems[i];
    return problem === undefined ? [] : [{ row, file, problem }];
  });
  const [first, ...others] = bad;
  if (first === undefined) return;
  const more = others.slice(0, 5).map(({ row }) => String(row.line));
  const also =
    others.length === 0
      ? ''
      : `; ${others.length} more: line${others.length === 1 ? '' : 's'} ${more.join(', ')}${others.length > 5 ? ' ...' : ''}`;
  throw new DataError(
    `${list}: line ${first.row.line}: expected a picture at ${first.file}, but ${first.problem}${also}`,
  );
}
