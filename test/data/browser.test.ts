import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const room = fileURLToPath(new URL('../../src/data', import.meta.url));
const isForNode = (path: string): boolean => /(^|[/-])node\.[jt]s$/.test(path);

describe('src/data in a browser', () => {
  it('needs nothing of Node, except in files that say so by their name', async () => {
    const files = (await readdir(room, { recursive: true })).filter((name) => name.endsWith('.ts'));
    expect(files).toContain('batches.ts');
    for (const file of files.filter((name) => !isForNode(name))) {
      const source = await readFile(join(room, file), 'utf8');
      const imports = Array.from(source.matchAll(/from '([^']+)'/g), ([, from = '']) => from);
      const wrong = imports.filter(
        (from) => /^(node:|sharp|env-paths|csv-parse)/.test(from) || isForNode(from),
      );
      expect(wrong, file).toEqual([]);
      expect(source, file).not.toMatch(/\b(process\.|Buffer\.(from|alloc|concat)|require\()/);
    }
  });
});
