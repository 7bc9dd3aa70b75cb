import { OptionError } from '../errors.js';

/** Throws OptionError unless the value is a whole number of at least `least`. */
export function checkWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new OptionError(`${name}: expected a whole number of at least ${least}, got ${value}`);
  }
}

/** Throws OptionError unless the value is a finite number above 0. */
export function checkPositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) {
    throw new OptionError(`${name}: expected a finite number above 0, got ${value}`);
  }
}
