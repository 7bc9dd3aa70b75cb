import { CsvError, parse } from 'csv-parse/sync';
import { DataError } from '../../errors.js';
import type { ListRow } from './list-row.js';

/** A record as csv-parse gives it with `info`. */
interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** What a line has to be. */
const form = 'path,label or path,label,split';

/** The fields, by the name that a header has for them. */
interface Columns {
  readonly path: number;
  readonly label: number;
  readonly split: number | undefined;
}

/**
 * The lines of a CSV list. A first line with the fields `path` and `label` is a header; other columns that it names are
 * passed over.
 *
 * @throws DataError that names the line.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function csvRows(text: string, where: string): readonly ListRow[] {
  const parsed = parseCsv(text, where);
  const header = parsed[0]?.record.map((field) => field.trim().toLowerCase()) ?? [];
  const named = header.includes('path') && header.includes('label');
  const rows = named ? parsed.slice(1) : parsed;
  return rows.map(({ record, info: { lines: line } }) => {
    const columns = named ? columnsOf(header) : plainColumns(record, `${where}: line ${line}`);
    const [path = '', label = ''] = [record[columns.path], record[columns.label]];
    const split = columns.split === undefined ? '' : (record[columns.split] ?? '');
    if (path === '' || label === '') {
      throw new DataError(
        `${where}: line ${line}: expected ${form}, got no ${path === '' ? 'path' : 'label'} in '${record.join(',')}'`,
      );
    }
    return { line, path, label, ...(split !== '' && { split }) };
  });
}

function parseCsv(text: string, where: string): readonly Parsed[] {
  try {
    // Blanks around a field do not belong to it unless they are quoted: `a.png, cat`.
    const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true };
    return parse(text, options) as unknown as readonly Parsed[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = typeof cause['lines'] === 'number' ? `line ${cause['lines']}: ` : '';
    throw new DataError(`${where}: ${line}expected ${form}: ${cause.message}`, { cause });
  }
}

function columnsOf(header: readonly string[]): Columns {
  const split = header.indexOf('split');
  return {
    path: header.indexOf('path'),
    label: header.indexOf('label'),
    split: split < 0 ? undefined : split,
  };
}

function plainColumns(record: readonly string[], where: string): Columns {
  if (record.length === 2 || record.length === 3) {
    return { path: 0, label: 1, split: record.length === 3 ? 2 : undefined };
  }
  const [only = ''] = record;
  const hint =
    record.length > 1
      ? ' (quote fields with commas: "a, b.png")'
      : /[;\t]/.test(only)
        ? ' (with commas)'
        : '';
  throw new DataError(
    `${where}: expected ${form}${hint}, or a header with the columns path and label before it, got '${record.join(',')}'`,
  );
}
