import sharp, { type Sharp } from 'sharp';
import { mix } from '../../../src/mix.js';

/** Noise around a colour, of any size; a sticker has edges that are transparent altogether. */
export function noise(
  colour: readonly [number, number, number],
  { seed, height, width, sticker }: { seed: number; height: number; width: number; sticker: boolean },
): Sharp {
  const channels = sticker ? 4 : 3;
  const data = new Uint8Array(height * width * channels);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      data[i * channels + c] = (colour[c] ?? 0) + (mix(seed * 100_003 + 3 * i + c) >>> 26);
    }
    const [x, y] = [i % width, Math.floor(i / width)];
    if (sticker) data[i * channels + 3] = x < 4 || y < 4 ? 0 : 255;
  }
  return sharp(data, { raw: { width, height, channels } });
}

/** PNG files of two classes and of many sizes, every other one a sticker. */
export async function stickers(count: number, folder = 'stickers'): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  const classes = { 'kühl blau': [20, 60, 190], warm: [190, 90, 10] } as const;
  for (const [label, colour] of Object.entries(classes)) {
    for (let i = 0; i < count; i++) {
      const seed = i + label.length * 100;
      const picture = noise(colour, { seed, height: 37 + 9 * i, width: 70 - 5 * i, sticker: i % 2 === 1 });
      files[`${folder}/${label}/${i}.png`] = await picture.png().toBuffer();
    }
  }
  return files;
}
