import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', 'docs/pictures.md'].map((page) => ({
  page,
  snippets: [...readFileSync(join(root, page), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(
    ([, code = ''], i) => ({
      name: `snippet ${i + 1}: ${code.split('\n').find((line) => !line.startsWith('import')) ?? ''}`,
      code,
    }),
  ),
}));

// The snippets import 'ort-train' by name, which Node resolves from inside the package: hence a folder within it. They
// share it, since later ones read what earlier ones wrote.
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(root, 'test', '.readme-'));
  await drawPhotos(join(folder, 'photos'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The folder of pictures that the snippets train on: 10 of each class, of one colour each. */
async function drawPhotos(photos: string): Promise<void> {
  for (const [label, background] of Object.entries({ cat: '#c08040', dog: '#4060a0' })) {
    mkdirSync(join(photos, label), { recursive: true });
    for (let i = 0; i < 10; i++) {
      const image = sharp({ create: { width: 40 + i, height: 48, channels: 3, background } });
      await image.toFile(join(photos, label, `${i}.png`));
    }
  }
}

describe.each(pages)('$page', ({ snippets }) => {
  test('has snippets', () => {
    expect(snippets.length).toBeGreaterThanOrEqual(3);
  });

  test.each(snippets)('$name', async ({ code }) => {
    const path = join(folder, 'snippet.mjs');
    writeFileSync(path, code);
    const { stderr } = await promisify(execFile)(process.execPath, [path], { cwd: folder });
    expect(stderr).toBe('');
  });
});
