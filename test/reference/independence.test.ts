import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('./', import.meta.url);

test('the reference evaluator takes nothing but types from src/: no code is shared with the rules', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const imports = text.match(/^(?:import|export)[^;]*?from '[^']+';/gms) ?? [];
    const outside = imports.filter((line) => !/from '\.\/[\w-]+\.js';$/.test(line));
    expect(
      outside.filter((line) => !/^import type .* from '\.\.\/\.\.\/src\/ir\/index\.js';$/s.test(line)),
      file,
    ).toEqual([]);
    expect(text, file).not.toMatch(/\bimport\(|\brequire\(/);
  }
});
