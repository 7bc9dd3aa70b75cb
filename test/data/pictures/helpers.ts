import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { tempFolder } from '../helpers.js';

/** A PNG of one colour. */
export async function png(red = 0): Promise<Uint8Array> {
  const background = { r: red, g: 0, b: 0 };
  return sharp({ create: { width: 2, height: 2, channels: 3, background } })
    .png()
    .toBuffer();
}

/** Writes a tiny picture to each path, every one with bytes of its own, other content for other endings. */
export async function photos(...paths: readonly string[]): Promise<string> {
  const folder = join(await tempFolder(), 'photos');
  await mkdir(folder);
  await addPhotos(folder, ...paths);
  return folder;
}

/** As `photos`, into a folder that is there; a path that ends with `/` is a folder. */
export async function addPhotos(folder: string, ...paths: readonly string[]): Promise<void> {
  const picture = await png();
  for (const [i, path] of paths.entries()) {
    const file = join(folder, path);
    if (path.endsWith('/')) await mkdir(file, { recursive: true });
    else {
      await mkdir(dirname(file), { recursive: true });
      // What follows a PNG's end is none of a decoder's business.
      await writeFile(file, Buffer.concat([picture, Buffer.from(String(i))]));
    }
  }
}

/** `a/0.png`, `a/1.png` ... */
export function numbered(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}.png`);
}
