import { columns, percent } from './text.js';

/**
 * How often each class (a row) was taken for which (a column), with the share of each that was recognised; if that does not
 * fit into `width`, the most frequent confusions.
 */
export function confusionLines(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
  width: number,
): string[] {
  const shares = confusion.map((row, i) => {
    const all = row.reduce((sum, each) => sum + each, 0);
    return all === 0 ? '' : percent((row[i] ?? 0) / all);
  });
  const rows = confusion.map((row, i) => [
    classes[i] ?? String(i),
    ...row.map((each) => (each === 0 ? '.' : String(each))),
    shares[i] ?? '',
  ]);
  const right = classes.map((_, i) => i + 1);
  const table = columns([['', ...classes, 'right'], ...rows], [...right, classes.length + 1]);
  if (table.every((line) => line.length <= width))
    return ['rows: what it is, columns: what it was taken for', ...table];
  return [...perClass(shares, classes), '', ...worst(confusion, classes)];
}

function perClass(shares: readonly string[], classes: readonly string[]): string[] {
  return columns(
    classes.map((name, i) => [name, shares[i] ?? '']),
    [1],
  );
}

function worst(confusion: readonly (readonly number[])[], classes: readonly string[]): string[] {
  const mistakes = confusion
    .flatMap((row, is) => row.map((times, taken) => ({ is, taken, times })))
    .filter(({ is, taken, times }) => is !== taken && times > 0)
    .sort((a, b) => b.times - a.times)
    .slice(0, 10);
  if (mistakes.length === 0) return ['no mistakes'];
  const rows = mistakes.map(({ is, taken, times }) => [
    classes[is] ?? String(is),
    `taken for ${classes[taken] ?? String(taken)}`,
    `${times}x`,
  ]);
  return ['most frequent mistakes', ...columns(rows, [2])];
}
