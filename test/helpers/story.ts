import { test } from 'vitest';

/**
 * Tests that are steps of one story, each going on where the one before it ended. After one that failed, or did not end in
 * its time, the others do not run into errors of their own but name it.
 *
 * @example
 * const step = story();
 * step('trains', async () => { ... });
 * step('keeps what it has learnt', async () => { ... });
 */
export function story(): (name: string, body: () => Promise<void>) => void {
  let stuck: string | undefined;
  return (name, body) => {
    test(name, async () => {
      if (stuck !== undefined) throw new Error(`not tried, since the step before it failed: ${stuck}`);
      stuck = name;
      await body();
      stuck = undefined;
    });
  };
}
