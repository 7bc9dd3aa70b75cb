import { test } from 'vitest';

type Body = () => Promise<void>;

/**
 * Tests that are steps of one story, each going on where the one before it ended. After one that failed, or did not end in
 * its time, the others do not run into errors of their own but name it.
 *
 * @param define - What makes a test of a step; default: the test runner's own.
 * @example
 * const step = story();
 * step('trains', async () => { ... });
 * step('keeps what it has learnt', async () => { ... });
 */
export function story(define: (name: string, body: Body) => void = test): (name: string, body: Body) => void {
  let stuck: string | undefined;
  return (name, body) => {
    define(name, async () => {
      if (stuck !== undefined) throw new Error(`not tried, since the step before it failed: ${stuck}`);
      stuck = name;
      await body();
      stuck = undefined;
    });
  };
}
