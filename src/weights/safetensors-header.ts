import { CheckpointError } from '../errors.js';

/** One tensor as the header describes it; `start` and `end` are bytes from the end of the header. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** The header of a safetensors file, its form checked; what the offsets mean is the caller's to check. */
export function parseHeader(
  header: Uint8Array,
  source: string,
): { readonly entries: readonly HeaderEntry[]; readonly metadata: ReadonlyMap<string, string> } {
  const fields = Object.entries(parseObject(header, source));
  const metadata = new Map<string, string>();
  const entries: HeaderEntry[] = [];
  for (const [name, value] of fields) {
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries(objectOf(value, `${source}: __metadata__`))) {
        if (typeof text !== 'string') {
          throw new CheckpointError(
            `${source}: __metadata__: expected a string for '${key}', got ${JSON.stringify(text)}`,
          );
        }
        metadata.set(key, text);
      }
    } else entries.push(entryOf(name, value, source));
  }
  return { entries, metadata };
}

function parseObject(header: Uint8Array, source: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    throw new CheckpointError(`${source}: expected a header in UTF-8, got other bytes`, { cause });
  }
  if (!text.startsWith('{')) {
    throw new CheckpointError(
      `${source}: expected a header that starts with '{', got ${JSON.stringify(text.slice(0, 16))}`,
    );
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${source}: expected a header in JSON, got ${String(cause)}`, { cause });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) {
    throw new CheckpointError(`${source}: expected each name once in the header, got '${twice}' twice`);
  }
  return objectOf(parsed, `${source}: header`);
}

function objectOf(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new CheckpointError(`${at}: expected an object, got ${JSON.stringify(value)}`);
}

function entryOf(name: string, value: unknown, source: string): HeaderEntry {
  const at = `${source}: tensor '${name}'`;
  const { dtype, shape, data_offsets: offsets } = objectOf(value, at);
  if (typeof dtype !== 'string') {
    throw new CheckpointError(`${at}: expected a dtype, got ${JSON.stringify(dtype)}`);
  }
  const [start, end, ...more] = sizes(offsets, `${at}: data_offsets`);
  if (start === undefined || end === undefined || more.length > 0) {
    throw new CheckpointError(`${at}: data_offsets: expected two numbers, got ${JSON.stringify(offsets)}`);
  }
  return { name, dtype, shape: sizes(shape, `${at}: shape`), start, end };
}

function sizes(value: unknown, at: string): readonly number[] {
  const isSize = (item: unknown): item is number => Number.isSafeInteger(item) && Number(item) >= 0;
  if (Array.isArray(value) && value.every(isSize)) return value;
  throw new CheckpointError(`${at}: expected a list of integers from 0, got ${JSON.stringify(value)}`);
}

/** A key that an object of this (valid) JSON text has twice. JSON.parse would silently keep the last one. */
function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  // Strings whole, so that braces within them do not count; a string before a colon is a key.
  for (const [token, text, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined && text !== undefined) {
      const key = JSON.parse(text) as string;
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
