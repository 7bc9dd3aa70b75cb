import { expect, test } from 'vitest';
import { story } from './story.js';

/** Tells a story whose steps run when they are called, and gives what became of each. */
function told(...steps: readonly (readonly [name: string, body: () => Promise<void>])[]) {
  const bodies: (() => Promise<void>)[] = [];
  const step = story((_, body) => void bodies.push(body));
  for (const each of steps) step(...each);
  return bodies;
}

const fine = (): Promise<void> => Promise.resolve();

test('steps that pass run in order', async () => {
  const seen: string[] = [];
  const note = (name: string) => [name, () => Promise.resolve(void seen.push(name))] as const;
  for (const body of told(note('a'), note('b'))) await body();
  expect(seen).toEqual(['a', 'b']);
});

test('after one that failed the others name it', async () => {
  const [first, second, third] = told(
    ['a', fine],
    ['b', () => Promise.reject(new RangeError('the reason'))],
    ['c', fine],
  );
  await first?.();
  await expect(second?.()).rejects.toThrow(RangeError);
  await expect(third?.()).rejects.toThrow('not tried, since the step before it failed: b');
});

test('after one that did not end in its time as well', async () => {
  const [first, second] = told(['a', () => new Promise(() => undefined)], ['b', fine]);
  void first?.();
  await expect(second?.()).rejects.toThrow('not tried, since the step before it failed: a');
});
