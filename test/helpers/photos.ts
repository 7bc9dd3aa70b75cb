import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** Pixels that differ from file to file; each class, the folder of the file, has a direction of its stripes. */
function pixelsOf(path: string, width: number, height: number): Uint8Array {
  const label = path.split('/').at(-2) ?? '';
  const number = (text: string): number =>
    Array.from(text).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65521, 7);
  const [direction, shade] = [number(label) % 3, number(path)];
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    const stripe = [x, y, x + y][direction] ?? 0;
    return ((stripe >> 2) % 2) * 120 + ((shade * (c + 1)) % 97) + ((x * 7 + y * 3) % 20);
  });
}

/** What a picture is like. */
interface PhotoOptions {
  /** In pixels; 20 unless given. */
  readonly width?: number;
  /** As wide as high unless given. */
  readonly height?: number;
  readonly grey?: boolean;
}

/** A PNG of its path's own pixels, in colour or grey. */
export async function photo(
  path: string,
  { width = 20, height, grey = false }: PhotoOptions = {},
): Promise<Uint8Array> {
  const size = { width, height: height ?? width };
  const image = sharp(pixelsOf(path, size.width, size.height), { raw: { ...size, channels: 3 } });
  return (grey ? image.toColourspace('b-w') : image).png().toBuffer();
}

/** Writes a PNG to each path below a folder. */
export async function writePhotos(
  folder: string,
  paths: readonly string[],
  size: PhotoOptions = {},
): Promise<string> {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), await photo(path, size));
  }
  return folder;
}

/** `count` paths in each of some folders: `a/0.png`, `a/1.png` ... */
export function pathsIn(folders: readonly string[], count: number): readonly string[] {
  return folders.flatMap((folder) => Array.from({ length: count }, (_, i) => `${folder}/${i}.png`));
}
