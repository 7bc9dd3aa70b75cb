import { expect, test } from 'vitest';
import { transformed } from '../data/transforms/random.js';
import { pageForTests } from './helpers/file-setup.js';

const opened = pageForTests();

test('transforms give the same pixels as in Node', async () => {
  const there = await opened.page.run<readonly string[]>('transform.ts', {});
  const here = transformed().map(({ data }) => Buffer.from(data).toString('base64'));
  expect(here.length).toBeGreaterThan(100);
  expect(there).toEqual(here);
});
