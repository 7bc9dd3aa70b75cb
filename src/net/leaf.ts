import { OptionError } from '../errors.js';
import type { Value } from '../ir/index.js';
import type { LayerContext, Net } from './net.js';

/** A layer without children, built inside a layer of its own: `name`, or `kind` and a running number. */
export function leaf(
  kind: string,
  label: string,
  name: string | undefined,
  build: (context: LayerContext, x: Value) => Value,
): Net {
  return { kind, label, children: [], build: (c, x) => c.layer(kind, name, () => build(c, x)) };
}

/** Throws OptionError unless every option is a whole number of at least `least`. */
export function checkWhole(kind: string, options: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isInteger(value) || value < least) {
      throw new OptionError(`${kind}: ${name}: expected a whole number of at least ${least}, got ${value}`);
    }
  }
}

/** Throws OptionError unless `fits`. */
export function checkNumber(
  kind: string,
  name: string,
  value: number,
  fits: boolean,
  expected: string,
): void {
  if (!fits) throw new OptionError(`${kind}: ${name}: expected ${expected}, got ${value}`);
}
