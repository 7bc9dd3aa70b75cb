/** start, start + step, ... */
export function range(count: number, start = 0, step = 1): readonly number[] {
  return Array.from({ length: count }, (_, i) => start + i * step);
}
