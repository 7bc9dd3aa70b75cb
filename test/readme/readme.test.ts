import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const snippets = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = ''], i) => ({
  name: `snippet ${i + 1}: ${code.split('\n').find((line) => !line.startsWith('import')) ?? ''}`,
  code,
}));

// The snippets import 'ort-train' by name, which Node resolves from inside the package: hence a folder within it. They
// share it, since later ones read what earlier ones wrote.
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(root, 'test', '.readme-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the README', () => {
  test('has snippets', () => {
    expect(snippets.length).toBeGreaterThanOrEqual(4);
  });

  test.each(snippets)('$name', async ({ code }) => {
    const path = join(folder, 'snippet.mjs');
    writeFileSync(path, code);
    const { stderr } = await promisify(execFile)(process.execPath, [path], { cwd: folder });
    expect(stderr).toBe('');
  });
});
