import { groupBy } from './group-by.js';

/** Numbers by size, else by character codes: the order does not depend on the system's language. */
export function byName(a: string, b: string): number {
  const isNumber = /^\d+$/;
  if (isNumber.test(a) && isNumber.test(b) && Number(a) !== Number(b)) return Number(a) - Number(b);
  return byCode(a, b);
}

/** By character codes of the composed form, which a file system may have taken apart (macOS does). */
export function byCode(a: string, b: string): number {
  return compare(a.normalize(), b.normalize()) || compare(a, b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Some names for a message: the first ones, and how many more there are. */
export function shortList(names: readonly string[], most = 10): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}

/** Groups of names that people take for one: they differ only in upper and lower case, or in how accents are written. */
export function alikeNames(names: readonly string[]): readonly (readonly string[])[] {
  const groups = groupBy(names, (name) => name.normalize('NFKC').toLowerCase().trim());
  return Array.from(groups.values()).filter((group) => group.length > 1);
}
