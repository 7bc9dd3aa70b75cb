import { groupBy } from './group-by.js';

/** Numbers by size, else by character codes: the order does not depend on the system's language. */
export function byName(a: string, b: string): number {
  if (isIndex(a) && isIndex(b) && Number(a) !== Number(b)) return Number(a) - Number(b);
  return byCode(a, b);
}

/** Whether a name is written as an index is: in digits. */
export function isIndex(name: string): boolean {
  return /^\d+$/.test(name);
}

/** By character codes of the composed form, which a file system may have taken apart (macOS does). */
export function byCode(a: string, b: string): number {
  return compare(a.normalize(), b.normalize()) || compare(a, b);
}

/** Items in the order of `byCode` of their keys, each of which is composed once: there may be a million. */
export function sortedByCode<T>(items: Iterable<T>, keyOf: (item: T) => string): T[] {
  return Array.from(items, (item) => ({ item, key: keyOf(item), composed: keyOf(item).normalize() }))
    .sort((a, b) => compare(a.composed, b.composed) || compare(a.key, b.key))
    .map(({ item }) => item);
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
