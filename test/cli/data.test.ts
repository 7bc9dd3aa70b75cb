import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { drawSheet, sheetLayout } from '../../src/cli/preview/sheet.js';
import { cli, digitFiles, folderOf, tempFolder } from './helpers.js';

/** A picture of one colour. */
async function plain(path: string, [r, g, b]: readonly [number, number, number], side = 40): Promise<void> {
  const image = sharp({ create: { width: side, height: side, channels: 3, background: { r, g, b } } });
  await image.png().toFile(path);
}

let photos = '';

beforeAll(async () => {
  photos = join(tempFolder(), 'my photos');
  for (const [label, count, red] of [
    ['cat', 6, 200],
    ['salt & <pepper>', 4, 20],
  ] as const) {
    const folder = join(photos, label);
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < count; i++) await plain(join(folder, `${i}.png`), [red, 10 * i, 255 - red]);
  }
  writeFileSync(join(photos, 'cat', 'bad.png'), 'no picture');
  writeFileSync(join(photos, 'cat', 'notes.txt'), 'text');
});

describe('data', () => {
  test('--json tells classes, counts of each part, and what was left out', async () => {
    const { status, events } = await cli('data', photos, '--json');
    expect(status).toBe(0);
    expect(events).toHaveLength(1);
    const [event = {}] = events;
    expect(event).toMatchObject({
      ...{ event: 'data', classes: ['cat', 'salt & <pepper>'], duplicates: [] },
      bad: [{ where: expect.stringContaining('bad.png') as string }],
      skipped: [{ where: expect.stringContaining('notes.txt') as string }],
      valSplit: { share: 0.2, seed: 0 },
    });
    const parts = ['train', 'test'].map(
      (name) => event[name] as { count: number; perClass: Record<string, number> },
    );
    const sum = (label: string): number =>
      parts.reduce((all, { perClass }) => all + (perClass[label] ?? 0), 0);
    expect([sum('cat'), sum('salt & <pepper>')]).toEqual([6, 4]);
    for (const { count, perClass } of parts) {
      expect(count).toBe(Object.values(perClass).reduce((all, each) => all + each, 0));
    }
  });

  test('tells people the same in a table, and what is odd on standard error', async () => {
    const { status, stdout, stderr } = await cli('data', photos);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^class +train +test$/m);
    expect(stdout).toMatch(/^cat +\d +\d$/m);
    expect(stdout).toMatch(/^all +\d +\d$/m);
    expect(stderr).toContain('bad.png');
    expect(stderr).toContain('notes.txt');
  });

  test('takes IDX files and the embedded digits, too', async () => {
    const idx = await cli('data', folderOf(digitFiles()), '--json', '--labels', 'a,b,c,d,e,f,g,h,i,"j,k"');
    expect(idx.events[0]).toMatchObject({
      ...{ classes: Array.from('abcdefghi').concat('j,k'), shape: [1, 28, 28] },
      ...{ train: { count: 48 }, test: { count: 24 }, skipped: [], duplicates: [] },
    });
    const digits = await cli('data', 'digits', '--digits-train', '30', '--digits-test', '20', '--json');
    expect(digits.events[0]).toMatchObject({ train: { count: 30 }, test: { count: 20 } });
  });

  test('--preview draws what the network will see: pictures as they are without augmentation', async () => {
    const sheet = join(tempFolder(), 'a sheet.png');
    const { status } = await cli(
      ...['data', photos, '--preview', sheet, '--augment', 'none', '--image-size', '32', '--columns', '2'],
    );
    expect(status).toBe(0);
    const { data, info } = await sharp(sheet).raw().toBuffer({ resolveWithObject: true });
    const layout = sheetLayout(2, 2, [32, 32]);
    expect(info).toMatchObject({ width: layout.width, height: layout.height, channels: 3 });
    for (const [row, red] of [200, 20].entries()) {
      const [left, top] = layout.at(row, 1);
      const middle = 3 * ((top + 32) * info.width + left + 32);
      const [r = 0, g = 0, b = 0] = data.subarray(middle, middle + 3);
      expect([r, g % 10, b]).toEqual([red, 0, 255 - red]);
    }
  });

  test('--preview shows random changes of the seed', async () => {
    const draw = async (seed: string): Promise<Buffer> => {
      const sheet = join(tempFolder(), 'sheet.png');
      const options = ['--preview', sheet, '--augment', 'standard', '--image-size', '32', '--seed', seed];
      expect((await cli('data', photos, ...options)).status).toBe(0);
      return readFileSync(sheet);
    };
    const first = await draw('1');
    expect((await draw('1')).equals(first)).toBe(true);
    expect((await draw('2')).equals(first)).toBe(false);
  });

  test('refuses what is no data', async () => {
    const { status, events } = await cli('data', '/nowhere/at/all', '--json');
    expect(status).toBe(2);
    expect(events).toMatchObject([{ event: 'error', code: 'data' }]);
  });
});

test('a sheet repeats small pixels, keeps grey grey, and writes any label', async () => {
  // 2x1 grey pixels, each 64 times in both directions.
  const picture = { data: Uint8Array.of(10, 250), channels: 1, height: 1, width: 2 };
  const rows = [
    { label: '', note: '', pictures: [picture] },
    { label: '<b>&"\u0007\u001b', note: '1', pictures: [picture, picture] },
  ];
  const { data, info } = await sharp(await drawSheet(rows))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const layout = sheetLayout(2, 2, [1, 2]);
  expect(layout.scale).toBe(64);
  const at = (row: number, column: number, dx: number, dy: number): number[] => {
    const [left, top] = layout.at(row, column);
    const from = 3 * ((top + dy) * info.width + left + dx);
    return Array.from(data.subarray(from, from + 3));
  };
  expect(at(0, 0, 0, 0)).toEqual([10, 10, 10]);
  expect(at(0, 0, 63, 63)).toEqual([10, 10, 10]);
  expect(at(0, 0, 64, 0)).toEqual([250, 250, 250]);
  expect(at(1, 1, 127, 63)).toEqual([250, 250, 250]);
  // No second picture in the first row, and nothing between rows.
  expect(at(0, 1, 5, 5)).toEqual([255, 255, 255]);
  expect(at(0, 0, 5, 65)).toEqual([255, 255, 255]);
});
