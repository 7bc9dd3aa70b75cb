import { at, type NdArray } from './array.js';

/** How far two numbers may be apart: `relative` to the expected one, plus `ofLargest` of the tensor's largest. */
export interface Tolerance {
  readonly relative: number;
  readonly ofLargest: number;
}

/** Throws, naming the worst element, unless shapes agree and all elements are finite and close. */
export function expectClose(what: string, actual: NdArray, expected: NdArray, tolerance: Tolerance): void {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new Error(`${what}: expected shape [${expected.shape.join(',')}], got [${actual.shape.join(',')}]`);
  }
  const largest = expected.data.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  let worst = -1;
  let excess = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [at(actual.data, i), at(expected.data, i)];
    if (!Number.isFinite(a) || !Number.isFinite(e)) {
      throw new Error(`${what}: element ${i}: expected ${e}, got ${a}: not finite`);
    }
    const allowed = tolerance.relative * Math.abs(e) + tolerance.ofLargest * largest;
    const over = Math.abs(a - e) - allowed;
    if (over > excess) [excess, worst] = [over, i];
  }
  if (worst < 0) return;
  const [a, e] = [at(actual.data, worst), at(expected.data, worst)];
  throw new Error(
    `${what}: element ${worst} of [${expected.shape.join(',')}]: expected ${e}, got ${a} (off by ${Math.abs(a - e)}, ` +
      `allowed ${tolerance.relative} relative and ${tolerance.ofLargest} of the largest, ${largest})`,
  );
}
