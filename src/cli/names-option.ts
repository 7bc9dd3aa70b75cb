import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { IoError, OptionError } from '../index.js';
import { repeatedName } from '../checks.js';
import type { Option } from './options.js';

/** How names are written, after what they are names of. */
const form = 'with commas between them and quotes around commas (\'a,"b, c"\'), or @file with one a line';

/** Names of the user's own: as a line of CSV, the option repeated, or `@file`. */
export const names = (describe: string): Option<readonly string[] | undefined> => ({
  describe: `${describe}: ${form}`,
  parse(given, option) {
    if (given === undefined) return undefined;
    const all = [given].flat().flatMap((part) => {
      const typed = String(part);
      return typed.startsWith('@') ? namesInFile(typed.slice(1), option) : namesInLine(typed, option);
    });
    const twice = repeatedName(all);
    if (twice !== undefined)
      throw new OptionError(`${option}: expected each name once, got '${twice}' twice`);
    return all;
  },
});

/**
 * The fields of a line of CSV; spaces around them do not count.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function namesInLine(line: string, option: string): readonly string[] {
  const found = fieldsOf(line, option);
  if (found.length > 0 && !found.includes('')) return found;
  throw new OptionError(`${option}: expected words with commas between them, got an empty one`);
}

function fieldsOf(line: string, option: string): readonly string[] {
  try {
    return parse(line, { trim: true, relax_column_count: true }).flat();
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new OptionError(
      `${option}: expected names with commas between them, one with a comma or a quote in quotes ` +
        `('a,"b, c","5"" disk"'), got ${line}`,
      { cause },
    );
  }
}

/** The lines of a file. */
function namesInFile(path: string, option: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IoError(`${option}: cannot read ${path}: ${reason}`, { cause });
  }
  const lines = text
    .replace(/^\ufeff/, '')
    .trimEnd()
    .split(/\r?\n/);
  return lines.map((line, i) => {
    const name = line.trim();
    if (name !== '') return name;
    throw new OptionError(`${option}: ${path}: expected a name in each line, got an empty line ${i + 1}`);
  });
}
