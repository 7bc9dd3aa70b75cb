import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** Data and golden values too large for the repository lie beside the checkout, in `../shared`. */
const root = fileURLToPath(new URL('../../../shared', import.meta.url));

/** A path under `../shared`. */
export function sharedPath(...parts: readonly string[]): string {
  return join(root, ...parts);
}

/**
 * Whether a path under `../shared` is there; says in one line that tests are skipped if not.
 *
 * @example
 * describe.skipIf(!hasShared('data', 'mnist'))('real MNIST', () => { ... });
 */
export function hasShared(...parts: readonly string[]): boolean {
  const there = existsSync(sharedPath(...parts));
  if (!there) process.stderr.write(`skipped: tests that need ${sharedPath(...parts)}, which is not there\n`);
  return there;
}
