import { onTestFinished, vi } from 'vitest';

/**
 * Puts a clock in the place of `performance.now` that stands still until it is moved, until the end of the test. What the
 * code under test measures is then a number that the test knows.
 *
 * @returns Moves the clock on by so many milliseconds.
 * @example
 * const pass = clockByHand();
 * pass(1500);
 */
export function clockByHand(): (milliseconds: number) => void {
  let now = 1000;
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => {
    spy.mockRestore();
  });
  return (milliseconds) => {
    now += milliseconds;
  };
}

/**
 * The same with a clock that shows 10 microseconds more each time it is looked at: whatever is done between two looks takes
 * so long, and no budget of time is ever used up.
 */
export function evenClock(): void {
  let now = 1000;
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => (now += 0.01));
  onTestFinished(() => {
    spy.mockRestore();
  });
}
