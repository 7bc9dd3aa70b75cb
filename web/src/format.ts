const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `38,400`. */
export const count = (value: number): string => whole.format(value);

/** `1 drawing`, `2 drawings`. */
export const plural = (value: number, word: string, several = `${word}s`): string =>
  `${count(value)} ${value === 1 ? word : several}`;

/** `97.8 %`; 100 % only where nothing is missing. */
export function percent(share: number, digits = 1): string {
  const shown = (100 * share).toFixed(digits);
  return `${share < 1 && Number(shown) === 100 ? (100 - 10 ** -digits).toFixed(digits) : shown} %`;
}

/** `8 s`, `2 min 05 s`. */
export function duration(seconds: number): string {
  // Of an epoch whose time nobody wrote down.
  if (!Number.isFinite(seconds)) return '\u2013';
  const all = Math.floor(seconds);
  if (all < 60) return `${all} s`;
  return `${Math.floor(all / 60)} min ${String(all % 60).padStart(2, '0')} s`;
}

/** `0.002`, `0.0006`: three significant digits, without zeros at the end. */
export const rate = (value: number): string => String(Number(value.toPrecision(3)));

/** How long ago a moment was: `just now`, `5 minutes ago`, `3 hours ago`, `2 days ago`. */
export function ago(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${plural(minutes, 'minute')} ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${plural(hours, 'hour')} ago`;
  return `${plural(Math.floor(hours / 24), 'day')} ago`;
}
