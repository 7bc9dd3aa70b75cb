import { checkOption } from '../checks.js';
import { leaf } from './leaf.js';
import type { Net } from './net.js';

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Whole number; with the layer's name and the step it determines the mask. Default 0. */
  readonly seed?: number;
  readonly name?: string;
}

/**
 * Inverted dropout: in training each element is 0 with probability `p` and else divided by 1 - p, in evaluation nothing
 * changes. The mask is a function of seed, layer name, step and position: the same on every execution provider, another
 * one at every step, and a resumed run goes on as if it had not stopped. Micro-batches of one step share their mask.
 * Source: https://jmlr.org/papers/v15/srivastava14a.html
 *
 * @example
 * chain(flatten(), dropout(0.5), linear(10));
 */
export function dropout(p = 0.5, options: DropoutOptions = {}): Net {
  const { seed = 0, name } = options;
  checkOption('dropout: p', p, p >= 0 && p < 1, 'a number in [0, 1)');
  checkOption('dropout: seed', seed, Number.isSafeInteger(seed), 'a whole number');
  return leaf('dropout', `dropout ${p}`, name, (c, x) => {
    if (!c.training || p === 0) return x;
    const step = c.b.cast(c.step(), 'int32');
    const mask = c.b.dropoutMask(x, step, { ratio: p, seed: (seed + hashOf(c.b.layer)) | 0 });
    return c.b.mul(x, mask);
  });
}

/** FNV-1a of a layer's name, so that equal layers in other places drop other elements. Source: http://isthe.com/chongo/tech/comp/fnv/ */
function hashOf(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash;
}
