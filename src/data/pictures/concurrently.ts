/** Pictures decoded at a time: a decoder has as many threads, and few large pictures are in memory. */
export const DECODED_AT_ONCE = 4;

/** An item, and what work on it gave. */
export interface Done<T, R> {
  readonly item: T;
  readonly result: PromiseSettledResult<R>;
}

/** Works on some items at a time; the next ones begin when all of these have ended, so that their order is that of the items. */
export async function* inTurns<T, R>(
  items: readonly T[],
  atATime: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<readonly Done<T, R>[]> {
  for (let start = 0; start < items.length; start += atATime) {
    const some = items.slice(start, start + atATime);
    const results = await Promise.allSettled(some.map(work));
    yield some.map((item, i) => ({ item, result: results[i] as PromiseSettledResult<R> }));
  }
}

/** What an asynchronous function gives for each item, in their order, with some of them at work at a time. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  atATime: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    // All share the one iterator: each takes the next item that nobody has.
    for (const [i, item] of waiting) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, worker));
  return results;
}
