/** How often something is done, as it follows what is. */
export function times(p: number): string {
  if (p === 1) return '';
  return p === 0.5 ? ' in half of the cases' : ` in ${percent(p)} % of the cases`;
}

/** A part of 1 in percent, three digits at most. */
export const percent = (part: number): number => Number((100 * part).toPrecision(3));

/** A range around a middle: `+-10`, `5 to 8`. */
export const between = ([least, most]: readonly [number, number], unit = ''): string =>
  least === -most ? `+-${most}${unit}` : `${least} to ${most}${unit}`;
