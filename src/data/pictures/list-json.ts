import { DataError, messageOf } from '../../errors.js';
import { asLabel } from './labelled.js';
import type { ListRow } from './list-row.js';

/** What a line has to be. */
const form = '{"path": ..., "label": ...} or the same with "split"';

/** The lines of a JSON-lines list. Throws DataError that names the line. */
export function jsonRows(text: string, where: string): readonly ListRow[] {
  return text.split(/\r?\n/).flatMap((content, i) => {
    if (content.trim() === '') return [];
    const line = i + 1;
    const fields = objectIn(content, `${where}: line ${line}`);
    const { path, split } = fields;
    const label = asLabel(fields['label']);
    if (typeof path !== 'string' || path === '' || label === undefined) {
      const wrong = typeof path === 'string' && path !== '' ? 'label' : 'path';
      throw new DataError(
        `${where}: line ${line}: expected ${form}, got ${fields[wrong] === undefined ? 'nothing' : JSON.stringify(fields[wrong])} as ${wrong}`,
      );
    }
    if (split !== undefined && split !== null && typeof split !== 'string') {
      throw new DataError(`${where}: line ${line}: expected ${form}, got ${JSON.stringify(split)} as split`);
    }
    return [{ line, path, label, ...(typeof split === 'string' && split !== '' && { split }) }];
  });
}

function objectIn(content: string, where: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new DataError(`${where}: expected ${form}: ${messageOf(cause)}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new DataError(`${where}: expected ${form}, got ${content.trim().slice(0, 80)}`);
}
