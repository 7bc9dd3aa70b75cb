import type { Comparison } from './compare.js';
import { version } from '../version.js';
import { join, parse } from 'node:path';
import sharp from 'sharp';
import { writeFileSafely } from '../files-node.js';
import { comparisonSvg, type PictureOptions } from './comparison-svg.js';

/** Paths of what `writeComparison` wrote. */
export interface ComparisonFiles {
  readonly svg: string;
  readonly json: string;
  /** If one was asked for. */
  readonly png?: string;
}

/**
 * Where `writeComparison` writes: `out` is a folder, which receives `compare.svg` and `compare.json`, or a path that
 * ends in `.svg` or `.png`; the JSON goes beside it under the same name, and a PNG has its SVG beside it.
 *
 * @example
 * comparisonFiles('runs/mine').svg; // 'runs/mine/compare.svg'
 * comparisonFiles('mine.png'); // { svg: 'mine.svg', json: 'mine.json', png: 'mine.png' }
 */
export function comparisonFiles(out: string): ComparisonFiles {
  const { dir, name, ext } = parse(out);
  const stem = ['.svg', '.png'].includes(ext) ? join(dir, name) : join(out, 'compare');
  return { svg: `${stem}.svg`, json: `${stem}.json`, ...(ext === '.png' && { png: `${stem}.png` }) };
}

/**
 * Writes a comparison as a picture and, with all its numbers, as JSON, in which NaN and infinite numbers are null. Each
 * file is whole or not there. Throws IoError for a path that cannot be written.
 *
 * @example
 * const { svg, json } = await writeComparison(comparison, 'runs/mine'); // runs/mine/compare.svg, .json
 */
export async function writeComparison(
  comparison: Comparison,
  out: string,
  options: PictureOptions = {},
): Promise<ComparisonFiles> {
  const files = comparisonFiles(out);
  const svg = await comparisonSvg(comparison, options);
  await writeFileSafely(files.svg, svg);
  await writeFileSafely(files.json, `${JSON.stringify({ ...format, ...comparison }, rounded)}\n`);
  if (files.png !== undefined) await writeFileSafely(files.png, await png(svg));
  return files;
}

const format = { format: 'ort-train-compare/1', version } as const;

/** The numbers are float32: nine digits give each of them back. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value;
}

/** At twice the SVG's size, for screens with small pixels. */
async function png(svg: string): Promise<Uint8Array> {
  return sharp(Buffer.from(svg), { density: 144 }).png().toBuffer();
}
