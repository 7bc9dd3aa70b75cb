import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { closeItemFiles, readItem } from '../../../src/data/pictures/items-node.js';
import { listPictures } from '../../../src/data/pictures/listing-node.js';
import { expandBraces } from '../../../src/data/pictures/braces.js';
import { DataError, IoError } from '../../../src/errors.js';
import { tarEntry } from '../cifar-helpers.js';
import { end, tar } from './tar.js';
import { tempFolder } from '../helpers.js';
import { png } from './helpers.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** A pax header with these fields, before the file that it tells of. */
function pax(fields: Readonly<Record<string, string>>): Uint8Array {
  const records = Object.entries(fields).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const size = bytes(rest).length;
    // The length counts its own digits.
    const length = size + String(size + String(size).length).length;
    return `${length}${rest}`;
  });
  return tarEntry('PaxHeader', bytes(records.join('')), 'x');
}

/** Shards in a folder with a blank in its name. */
async function shards(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = join(await tempFolder(), 'my shards');
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

describe('listPictures of shards', () => {
  it('reads samples of several shards, their pictures by their place', async () => {
    const contents = new Map<string, Uint8Array>();
    const files: Record<string, Uint8Array> = {};
    for (let shard = 8; shard <= 10; shard++) {
      const samples: [string, string | Uint8Array][] = [];
      for (let i = 0; i < 4; i++) {
        // Pictures above and below the size of what is read at a time.
        const content = Buffer.concat([await png(i), new Uint8Array(i % 2 === 0 ? 3 : 20_000)]);
        const key = `dir/0${i}`;
        samples.push([`${key}.cls`, String(i % 3)], [`${key}.jpg`, content], [`${key}.txt`, 'a caption']);
        contents.set(`s-${String(shard).padStart(2, '0')}.tar: ${key}.jpg`, content);
      }
      files[`s-${String(shard).padStart(2, '0')}.tar`] = tar(Object.fromEntries(samples));
    }
    const folder = await shards(files);
    const { name, classes, parts, skipped, valSplit } = await listPictures(join(folder, 's-{08..10}.tar'));
    expect([name, classes, valSplit]).toEqual(['s', ['0', '1', '2'], { share: 0.2, seed: 0 }]);
    const all = [...parts.train, ...parts.test];
    expect(all).toHaveLength(12);
    for (const { where, label, at } of all) {
      const short = where.slice(folder.length + 1);
      expect(await readItem(at)).toEqual(new Uint8Array(contents.get(short) ?? []));
      expect(label).toBe(Number(/0(\d)\.jpg$/.exec(where)?.[1]) % 3);
    }
    expect(skipped).toEqual(
      ['08', '09', '10'].map((i) => ({
        where: `${join(folder, `s-${i}.tar`)}: *.txt`,
        why: '4 files, no pictures or labels',
      })),
    );
    await closeItemFiles();
  });

  it('takes labels from .cls and .json, numbers or texts', async () => {
    const picture = await png();
    const texts = await shards({
      'one.tar': tar({
        'a.png': picture,
        'a.cls': 'cat\n',
        'b.json': '{"label":"dog"}',
        'b.png': picture,
        'c.webp': picture,
        'c.json': '{"cls":3,"id":1}',
        'd.png': picture,
        'd.cls': 'cat',
      }),
    });
    expect((await listPictures(join(texts, 'one.tar'))).classes).toEqual(['3', 'cat', 'dog']);
    const numbers = await shards({
      'one.tar': tar({
        'a.png': picture,
        'a.cls': '004',
        'b.png': picture,
        'b.json': '{"cls": 1}',
        'c.png': picture,
        'c.cls': '1',
      }),
    });
    const path = join(numbers, 'one.tar');
    const listing = await listPictures(path);
    expect(listing.classes).toEqual(['0', '1', '2', '3', '4']);
    expect(listing.warnings.at(-1)).toMatch(/3 classes \(0, 2, 3\) have no picture at all$/);
    const classes = ['t', 'u', 'v', 'w', 'x'];
    const named = await listPictures(path, { classes });
    expect(named.classes).toEqual(classes);
    expect(named.parts.train.map(({ label }) => label)).toEqual(
      listing.parts.train.map(({ label }) => label),
    );
    await expect(listPictures(path, { classes: ['t', 'u'] })).rejects.toThrow(
      /one\.tar: a\.png: expected the number of one of 2 classes, got 004$/,
    );
  });

  it('reads long names, of pax and of GNU, and passes over what is no file', async () => {
    const picture = await png();
    const long = `${'long/'.repeat(60)}ü sample`;
    const entries = [
      tarEntry('./', new Uint8Array(0), '5'),
      tarEntry('global', bytes('30 comment=for all of them....\n'), 'g'),
      pax({ path: `${long}.png`, mtime: '1.5' }),
      tarEntry('short.png', picture),
      pax({ path: `${long}.cls` }),
      tarEntry('short.cls', bytes('a')),
      tarEntry('././@LongLink', bytes(`${long}2.png\0`), 'L'),
      tarEntry('cut.png', picture),
      tarEntry('././@LongLink', bytes(`${long}2.cls\0`), 'L'),
      tarEntry('cut.cls', bytes('b')),
      tarEntry('./c.png', picture),
      tarEntry('./c.cls', bytes('b')),
      tarEntry('link.png', new Uint8Array(0), '2'),
      tarEntry('._c.png', picture),
      tarEntry('__MACOSX/c.png', picture),
      end,
    ];
    const folder = await shards({ 's.tar': Buffer.concat(entries) });
    const { parts, classes, skipped } = await listPictures(join(folder, 's.tar'));
    const found = [...parts.train, ...parts.test].map(({ where }) => where.split(': ')[1]).sort();
    expect(found).toEqual(['c.png', `${long}.png`, `${long}2.png`]);
    expect(classes).toEqual(['a', 'b']);
    expect(skipped.map(({ where }) => where.split(': ')[1])).toEqual(['._c.png', '__MACOSX/c.png']);
  });

  const good = { 'a.png': 'x', 'a.cls': '0', 'b.png': 'y', 'b.cls': '0' };
  const cases: readonly [string, Uint8Array, RegExp][] = [
    [
      'cut in a picture',
      tar(good).subarray(0, 600),
      /s\.tar: expected a whole tar archive, but it is cut off at byte 600$/,
    ],
    [
      'cut in a file',
      tar({ 'a.png': new Uint8Array(9000) }).subarray(0, 6000),
      /s\.tar: a\.png: expected 9000 bytes, got 5488: the archive is cut off$/,
    ],
    ['cut between files', tar(good).subarray(0, 2048), /cut off at byte 2048$/],
    ['empty', new Uint8Array(0), /expected a tar archive, got an empty file$/],
    ['of another kind', new Uint8Array(2048).fill(65), /expected a tar header at byte 0/],
    ['compressed under a plain name', gzipSync(tar(good)), /not compressed: .*unpack it once \(gunzip\)/],
    [
      'without a label',
      tar({ 'a.png': 'x', 'b.cls': '1' }),
      /s\.tar: a\.png: expected its label beside it, in a\.cls or/,
    ],
    [
      'with a JSON that has none',
      tar({ 'a.png': 'x', 'a.json': '{"id":1}' }),
      /a\.png: expected its label beside it/,
    ],
    ['with broken JSON', tar({ 'a.png': 'x', 'a.json': '{' }), /s\.tar: a\.json: expected JSON: /],
    [
      'with an empty label',
      tar({ 'a.png': 'x', 'a.cls': ' ' }),
      /a\.cls: expected a class, got an empty file$/,
    ],
    [
      'with two pictures',
      tar({ 'a.png': 'x', 'a.jpg': 'y', 'a.cls': '0' }),
      /s\.tar: a: expected one picture, got a\.png and a\.jpg$/,
    ],
    [
      'with a file twice',
      Buffer.concat([tarEntry('a.cls', bytes('1')), tar({ 'a.cls': '1' })]),
      /a\.cls: expected it once, but it comes twice$/,
    ],
    [
      'without pictures',
      tar({ 'notes.txt': 'x' }),
      /s\.tar: expected pictures with their labels .*; left out: .*s\.tar: \*\.txt$/,
    ],
    [
      'with a number that is none',
      tar({ ...good, 'b.cls': '99999999' }),
      /expected class numbers below 1000000, got 99999999$/,
    ],
    [
      'with a header of names too long',
      tarEntry('x', new Uint8Array(2 ** 20 + 1), 'x'),
      /expected an extended header of names at byte 0/,
    ],
    [
      'with a size that leads back to its own header',
      Buffer.concat([tarEntry('x', bytes('14 size=-1024\n'), 'x'), tar(good)]),
      /s\.tar: x: expected the size in its records in digits, got "-1024"$/,
    ],
  ];
  it.each(cases)('refuses one %s', async (_, content, message) => {
    const folder = await shards({ 's.tar': content });
    await expect(listPictures(join(folder, 's.tar'))).rejects.toThrow(DataError);
    await expect(listPictures(join(folder, 's.tar'))).rejects.toThrow(message);
  });

  it('refuses compressed and missing ones by their names', async () => {
    const folder = await shards({ 's-0.tar': tar(good) });
    await expect(listPictures(join(folder, 's.tar.gz'))).rejects.toThrow(
      /in a \.tar\.gz no picture can be found/,
    );
    await expect(listPictures(join(folder, 's-{0..1}.tar'))).rejects.toThrow(
      /s-1\.tar: expected a tar archive, but there is no such file$/,
    );
  });
});

describe('readItem', () => {
  it('says which file is gone, or shorter than it was', async () => {
    const folder = await shards({ 's.tar': new Uint8Array(100) });
    const path = join(folder, 's.tar');
    await expect(readItem({ path: join(folder, 'none.png') })).rejects.toThrow(IoError);
    const none = readItem({ path: join(folder, 'none.tar'), offset: 0, size: 1 });
    await expect(none).rejects.toThrow(/none\.tar: cannot open the file: ENOENT/);
    const cut = readItem({ path, offset: 90, size: 20 });
    await expect(cut).rejects.toThrow(
      /s\.tar: expected 20 bytes from byte 90 on, got 10: it was cut off since$/,
    );
    expect(await readItem({ path, offset: 90 })).toHaveLength(10);
    expect(await readItem({ file: new Blob(['0123456']), offset: 2, size: 3 })).toEqual(bytes('234'));
  });

  it('reads of more shards than it keeps open, at once', async () => {
    const names = Array.from({ length: 70 }, (_, i) => `${i}.tar`);
    const folder = await shards(Object.fromEntries(names.map((name, i) => [name, Uint8Array.of(9, i)])));
    const read = names.map((name) => readItem({ path: join(folder, name), offset: 1, size: 1 }));
    expect((await Promise.all(read)).map(([byte]) => byte)).toEqual(names.map((_, i) => i));
    await closeItemFiles();
  });
});

describe('expandBraces', () => {
  it.each([
    ['a-{8..11}.tar', ['a-8.tar', 'a-9.tar', 'a-10.tar', 'a-11.tar']],
    ['a-{008..010}.tar', ['a-008.tar', 'a-009.tar', 'a-010.tar']],
    ['{a,b}-{0..1}', ['a-0', 'a-1', 'b-0', 'b-1']],
    ['plain{x}.tar', ['plain{x}.tar']],
  ])('%s', (pattern, names) => {
    expect(expandBraces(pattern)).toEqual(names);
  });

  it.each(['{9..1}', '{0..9999999}', '{0..9999}{0..9999}'])('refuses %s', (pattern) => {
    expect(() => expandBraces(pattern)).toThrow(DataError);
  });
});
