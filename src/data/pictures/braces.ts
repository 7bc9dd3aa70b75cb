import { DataError } from '../../errors.js';

/** More shards than this are a mistake in the pattern. */
const MOST = 1_000_000;

/** Whether a name stands for several: `shards-{000..009}.tar`, `{train,extra}.tar`. */
export function isPattern(name: string): boolean {
  return /\{[^{}]*(\.\.|,)[^{}]*\}/.test(name);
}

/**
 * The names that a pattern stands for, as a shell would write them.
 *
 * @throws DataError for a range that goes backwards or is too long.
 * @example
 * expandBraces('s-{08..10}.tar'); // ['s-08.tar', 's-09.tar', 's-10.tar']
 */
export function expandBraces(pattern: string): readonly string[] {
  const found = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (found === null) return [pattern];
  const [, before = '', inner = '', after = ''] = found;
  const range = /^(\d+)\.\.(\d+)$/.exec(inner);
  const choices = range ? numbers(pattern, range[1] ?? '', range[2] ?? '') : inner.split(',');
  const rest = expandBraces(after);
  if (choices.length * rest.length > MOST) {
    throw new DataError(`${pattern}: expected a pattern of at most ${MOST} shards, got more`);
  }
  // Braces without a choice stand for themselves.
  const written = choices.length === 1 && range === null ? [`{${inner}}`] : choices;
  return written.flatMap((choice) => rest.map((end) => `${before}${choice}${end}`));
}

/** From the first to the last, with as many digits as the first where it has leading zeros. */
function numbers(pattern: string, first: string, last: string): readonly string[] {
  const [from, to] = [Number(first), Number(last)];
  if (to < from || to - from >= MOST) {
    throw new DataError(
      `${pattern}: expected a range from a smaller to a larger number, got {${first}..${last}}`,
    );
  }
  const digits = [first, last].some((number) => /^0\d/.test(number))
    ? Math.max(first.length, last.length)
    : 0;
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i).padStart(digits, '0'));
}
