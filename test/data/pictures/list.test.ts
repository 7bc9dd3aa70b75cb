import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readItem } from '../../../src/data/pictures/items-node.js';
import { listPictures } from '../../../src/data/pictures/listing-node.js';
import type { PictureListing } from '../../../src/data/pictures/listing.js';
import { DataError, IoError } from '../../../src/errors.js';
import { photos } from './helpers.js';

/** Pictures, a list beside them, and its listing. */
const listed = async (
  name: string,
  lines: readonly string[] | Uint8Array,
  ...paths: readonly string[]
): Promise<{ readonly folder: string; readonly open: () => Promise<PictureListing> }> => {
  const folder = await photos(...paths);
  const list = join(folder, name);
  await writeFile(list, lines instanceof Uint8Array ? lines : lines.join('\n'));
  return { folder, open: () => listPictures(list) };
};

describe('a CSV list', () => {
  it('has a label for each path, with or without a header', async () => {
    const paths = ['a.png', 'b 1.png', 'ü/c.png', 'd, "e".png', '--f.png'];
    const lines = [
      'a.png,cat',
      'b 1.png, cat',
      'ü/c.png,"salt, pepper"',
      '"d, ""e"".png","salt, pepper"',
      '',
      '--f.png,300\r',
    ];
    const plain = await listed('my list.csv', lines, ...paths);
    const { classes, parts, name, valSplit, skipped } = await plain.open();
    expect([name, classes, skipped]).toEqual(['my list', ['300', 'cat', 'salt, pepper'], []]);
    expect(valSplit).toEqual({ share: 0.2, seed: 0 });
    const all = [...parts.train, ...parts.test];
    expect(all.map(({ where, label }) => [where.slice(plain.folder.length + 1), label]).sort()).toEqual([
      ['--f.png', 0],
      ['a.png', 1],
      ['b 1.png', 1],
      ['d, "e".png', 2],
      ['ü/c.png', 2],
    ]);
    const [item] = all;
    expect(item && (await readItem(item.at)).length).toBeGreaterThan(8);
    const titled = await listed(
      'l.csv',
      ['\uFEFFId,Label,PATH', '1,cat,a.png', '2,cat,b 1.png', '3,dog,--f.png'],
      ...paths,
    );
    expect((await titled.open()).classes).toEqual(['cat', 'dog']);
  });

  it('may say the parts', async () => {
    const { open } = await listed(
      ...([
        'l.csv',
        [
          'path,label,split',
          '1.png,a,train',
          '2.png,b,Valid',
          '3.png,a,test',
          '4.png,a,val',
          '5.png,b,train',
        ],
      ] as const),
      ...['1.png', '2.png', '3.png', '4.png', '5.png'],
    );
    const { parts, valSplit } = await open();
    expect([parts.train, parts.test, parts.final].map((part) => part?.map(({ label }) => label))).toEqual([
      [0, 1],
      [1, 0],
      [0],
    ]);
    expect(valSplit).toBeUndefined();
  });

  it('may lead outside of its folder', async () => {
    const other = await photos('x.png');
    const { open } = await listed('l.csv', ['../photos/a.png,a', `${join(other, 'x.png')},a`], 'a.png');
    expect((await open()).parts.train).toHaveLength(1);
  });

  it.each<readonly [string, readonly string[], RegExp]>([
    [
      'a missing file',
      ['1.png,a', 'no 1.png,a', 'no2.png,b'],
      /l\.csv: line 2: expected a picture at .*no 1\.png, but there is no such file; 1 more: line 3$/,
    ],
    ['a header without a line', ['path,label'], /l\.csv: expected a line for each picture, got none$/],
    [
      'an unknown header',
      ['file,class', '1.png,a'],
      /line 1: expected a picture at .*file, but there is no such file$/,
    ],
    ['a folder', ['.,a'], /line 1: expected a picture at .*, but it is a folder$/],
    [
      'no label',
      ['1.png,a', '1.png,'],
      /line 2: expected path,label or path,label,split, got no label in '1\.png,'$/,
    ],
    [
      'too many fields',
      ['1.png,a', 'salt, pepper, more.png,a'],
      /line 2: expected path,label .*\(quote fields with commas: .*got 'salt,pepper,more\.png,a'$/,
    ],
    [
      'semicolons',
      ['1.png;a'],
      /line 1: expected path,label or path,label,split \(with commas\), or a header/,
    ],
    [
      'an open quote',
      ['1.png,a', '"1.png,a'],
      /line 2: expected path,label or path,label,split: Quote Not Closed/,
    ],
    [
      'an unknown split',
      ['1.png,a,train', '1.png,a,dev'],
      /line 2: expected the split train, val .*, got 'dev'$/,
    ],
    [
      'a split on some lines',
      ['path,label,split', '1.png,a,train', '1.png,a,'],
      /line 3: expected a split, as line 2 has one, got none$/,
    ],
    [
      'two labels',
      ['1.png,a', '', '1.png,b'],
      /line 3: expected one label for 1\.png, got 'b', and 'a' on line 1$/,
    ],
    [
      'two labels under two paths of one file',
      ['1.png,a', 'x/../1.png,b'],
      /line 2: expected one label for x\/\.\.\/1\.png, got 'b', and 'a' on line 1$/,
    ],
    ['one of each class', ['1.png,a'], /expected a class of at least 2 pictures/],
    ['no train', ['1.png,a,val'], /expected pictures to train with, got none$/],
  ])('is refused with %s', async (_, lines, message) => {
    const { open } = await listed('l.csv', lines, '1.png');
    await expect(open()).rejects.toThrow(DataError);
    await expect(open()).rejects.toThrow(message);
  });

  it('is refused in another encoding, and where there is none', async () => {
    const latin = await listed('l.csv', Buffer.from('1.png,Käse', 'latin1'), '1.png');
    await expect(latin.open()).rejects.toThrow(/l\.csv: expected text in UTF-8/);
    await expect(listPictures(join(latin.folder, 'none.csv'))).rejects.toThrow(IoError);
  });
});

describe('a JSON-lines list', () => {
  it('has an object on each line', async () => {
    const lines = [
      { path: 'a.png', label: 'cat', split: 'train' },
      { path: 'b.png', label: 7, split: 'train', more: [1] },
      { path: 'c.png', label: 'cat', split: 'test' },
    ];
    const text = lines.map((line) => JSON.stringify(line));
    const { open } = await listed('l.jsonl', [...text, ''], 'a.png', 'b.png', 'c.png');
    const { classes, parts } = await open();
    expect(classes).toEqual(['7', 'cat']);
    expect([parts.train, parts.test].map((part) => part.map(({ label }) => label))).toEqual([[1, 0], [1]]);
  });

  it.each<readonly [string, string, RegExp]>([
    [
      'broken JSON',
      '{"path": "1.png"',
      /l\.ndjson: line 2: expected \{"path": \.\.\., "label": \.\.\.\}.*: .*JSON/,
    ],
    ['no object', '["1.png", "a"]', /line 2: expected \{"path".*, got \["1\.png", "a"\]$/],
    ['no path', '{"label": "a"}', /line 2: .*got nothing as path$/],
    ['a label that is none', '{"path": "1.png", "label": [1]}', /line 2: .*got \[1\] as label$/],
    ['a split that is none', '{"path": "1.png", "label": "a", "split": 3}', /line 2: .*got 3 as split$/],
    [
      'a missing file',
      '{"path": "2.png", "label": "a"}',
      /line 2: expected a picture at .*2\.png, but there is no such file$/,
    ],
  ])('is refused with %s', async (_, line, message) => {
    const { open } = await listed('l.ndjson', ['{"path": "1.png", "label": "a"}', line], '1.png');
    await expect(open()).rejects.toThrow(DataError);
    await expect(open()).rejects.toThrow(message);
  });
});
