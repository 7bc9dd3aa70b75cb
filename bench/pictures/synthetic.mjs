// A folder of synthetic JPEGs for measurements: ten classes, told apart by hue and stripes, seeded.
//
//   node bench/pictures/synthetic.mjs --out /tmp/jpegs [--count 50000] [--side 256]
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';

const { out, count, side, seed } = await yargs(hideBin(process.argv))
  .option('out', { type: 'string', demandOption: true })
  .option('count', { type: 'number', default: 50_000 })
  .option('side', { type: 'number', default: 256 })
  .option('seed', { type: 'number', default: 1 })
  .strict()
  .parse();
const CLASSES = 10;
/** JPEGs of people's photographs of this size have about this quality. */
const QUALITY = 85;

/** Numbers from 0 to 1: mulberry32. */
function numbers(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pixels(label, random) {
  const data = new Uint8Array(side * side * 3);
  const turn = (2 * Math.PI * label) / CLASSES;
  const [dx, dy] = [Math.cos(turn), Math.sin(turn)].map((d) => d * (0.1 + 0.2 * random()));
  const phase = 6 * random();
  const base = [0, 1, 2].map((c) => 128 + 80 * Math.cos(turn + (2 * Math.PI * c) / 3));
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const wave = 40 * Math.sin(dx * x + dy * y + phase);
      const noise = 30 * (random() - 0.5);
      for (let c = 0; c < 3; c++) data[at++] = Math.min(255, Math.max(0, base[c] + wave + noise));
    }
  }
  return data;
}

for (let label = 0; label < CLASSES; label++) {
  await mkdir(join(out, `class-${label}`), { recursive: true });
}
/** Encoded side by side by sharp's own threads. */
const AT_ONCE = 8;
for (let start = 0; start < count; start += AT_ONCE) {
  const some = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, i) => start + i);
  await Promise.all(
    some.map(async (i) => {
      const label = i % CLASSES;
      const raw = { width: side, height: side, channels: 3 };
      const jpeg = await sharp(pixels(label, numbers(seed * 1e6 + i)), { raw })
        .jpeg({ quality: QUALITY })
        .toBuffer();
      await writeFile(join(out, `class-${label}`, `${String(i).padStart(6, '0')}.jpg`), jpeg);
    }),
  );
  if (start % 5000 === 0) console.error(`${start} of ${count}`);
}
