/**
 * A colour profile of three primaries and a gamma, as cameras put it into their pictures: a matrix profile of ICC version
 * 2.1. Source: https://www.color.org/icc_specs2.xalter (ICC.1:2001-04, 6.3.1.2 and 6.5)
 *
 * @param columns - XYZ of red, green and blue, adapted to D50.
 */
function matrixProfile(name: string, columns: readonly (readonly number[])[], gamma: number): Buffer {
  const fixed = (value: number): number => Math.round(value * 65536);
  const xyz = (values: readonly number[]): Buffer => {
    const tag = Buffer.alloc(20);
    tag.write('XYZ ');
    for (const [i, value] of values.entries()) tag.writeInt32BE(fixed(value), 8 + 4 * i);
    return tag;
  };
  const curve = Buffer.alloc(16);
  curve.write('curv');
  curve.writeUInt32BE(1, 8);
  curve.writeUInt16BE(Math.round(gamma * 256), 12);
  const description = Buffer.alloc(12 + name.length + 1 + 78 + ((3 - ((name.length + 90) % 4)) % 4) + 1);
  description.write('desc');
  description.writeUInt32BE(name.length + 1, 8);
  description.write(name, 12, 'ascii');
  const copyright = Buffer.alloc(12);
  copyright.write('text');
  copyright.write('cc0', 8, 'ascii');
  const [red = [], green = [], blue = []] = columns;
  const tags: readonly (readonly [string, Buffer])[] = [
    ['desc', description],
    ['cprt', copyright],
    ['wtpt', xyz([0.9642, 1, 0.8249])],
    ...(['rXYZ', 'gXYZ', 'bXYZ'] as const).map((tag, i) => [tag, xyz([red, green, blue][i] ?? [])] as const),
    ...(['rTRC', 'gTRC', 'bTRC'] as const).map((tag) => [tag, curve] as const),
  ];
  const table = Buffer.alloc(4 + 12 * tags.length);
  table.writeUInt32BE(tags.length);
  let at = 128 + table.length;
  for (const [i, [tag, data]] of tags.entries()) {
    table.write(tag, 4 + 12 * i, 'ascii');
    table.writeUInt32BE(at, 8 + 12 * i);
    table.writeUInt32BE(data.length, 12 + 12 * i);
    at += data.length;
  }
  const header = Buffer.alloc(128);
  header.writeUInt32BE(at);
  header.writeUInt32BE(0x02100000, 8);
  header.write('mntrRGB XYZ ', 12, 'ascii');
  header.writeUInt16BE(2000, 24);
  header.writeUInt16BE(1, 26);
  header.writeUInt16BE(1, 28);
  header.write('acsp', 36, 'ascii');
  for (const [i, value] of [0.9642, 1, 0.8249].entries()) header.writeInt32BE(fixed(value), 68 + 4 * i);
  return Buffer.concat([header, table, ...tags.map(([, data]) => data)]);
}

/** Adobe RGB (1998). Source: https://www.adobe.com/digitalimag/pdfs/AdobeRGB1998.pdf (4.3.2, adapted to D50) */
export const adobeRgb = matrixProfile(
  'Adobe RGB (1998)',
  [
    [0.60974, 0.31111, 0.01947],
    [0.20528, 0.62567, 0.06087],
    [0.14919, 0.06322, 0.74457],
  ],
  563 / 256,
);
