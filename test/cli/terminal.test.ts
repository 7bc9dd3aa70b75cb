import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { printable } from '../../src/cli/io.js';
import { cli, tempFolder } from './helpers.js';

test.skipIf(process.platform === 'win32')('names of files cannot command the terminal', async () => {
  const folder = tempFolder();
  const [title, clear] = ['\u001b]0;mine\u0007', '\u001b[2J'];
  mkdirSync(join(folder, `cat${title}`));
  for (const name of ['a', 'b']) {
    writeFileSync(join(folder, `cat${title}`, `${name}${clear}.png`), 'no picture');
  }
  const { status, stderr } = await cli('train', '--data', folder, '--epochs', '1');
  expect(status).toBe(2);
  expect(stderr).not.toContain('\u001b');
  expect(stderr).toContain('cat\\u001b]0;mine\\u0007');
});

test('text itself stays as it is', () => {
  const text = 'Füße\t猫 ━ 😀\nnext';
  expect(printable(text)).toBe(text);
  expect(printable('a\rb\u009bc\u007f')).toBe('a\\u000db\\u009bc\\u007f');
});
