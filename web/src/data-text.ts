import type { DataReport } from 'ort-train';
import { count, plural } from './format.js';

/** So many names are written out. */
const MOST = 8;

/** Names, and how many there are besides. */
function some(names: readonly string[]): string {
  const more = names.length - MOST;
  return more > 0 ? `${names.slice(0, MOST).join(', ')} and ${count(more)} more` : names.join(', ');
}

/** Training images of each class: `cat 20, dog 12`. */
export function perClass(classes: readonly string[], labels: Int32Array): string {
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return some(classes.map((name, i) => `${name} ${count(counts[i] ?? 0)}`));
}

/** Sentences that say what a visitor should know of the pictures before they are trained on. */
export function foundIn({ skipped, bad, duplicates, warnings }: DataReport): readonly string[] {
  const left = [
    ...(bad.length > 0
      ? [
          `${plural(bad.length, 'picture')} cannot be read and ${bad.length === 1 ? 'is' : 'are'} left out: ${some(bad.map(({ why }) => why))}.`,
        ]
      : []),
    ...(skipped.length > 0
      ? [
          `${plural(skipped.length, 'other file')} ${skipped.length === 1 ? 'is' : 'are'} left out: ${some(skipped.map(({ where, why }) => `${where} (${why})`))}.`,
        ]
      : []),
  ];
  const twice =
    duplicates.length > 0
      ? [
          `${plural(duplicates.length, 'picture')} to train on ${duplicates.length === 1 ? 'is' : 'are'} held out as well, so that the accuracy is flattered: ${some(duplicates.map(({ train }) => train))}.`,
        ]
      : [];
  return [...left, ...twice, ...warnings.map((warning) => `${warning}.`)];
}
