import sharp from 'sharp';
import type { Picture } from '../../index.js';

/** Pictures of one class, one beside the other. */
export interface SheetRow {
  readonly label: string;
  /** What stands under the label: how many there are. */
  readonly note: string;
  readonly pictures: readonly Picture[];
}

/** In pixels: the column of labels, what lies between tiles, and the least that a side is shown at. */
const LABELS = 180;
const GAP = 4;
const LEAST = 64;

/** Where things lie on a sheet of pictures of one size, in pixels. */
export interface SheetLayout {
  readonly width: number;
  readonly height: number;
  /** How often each pixel of a picture is repeated, so that small pictures can be seen. */
  readonly scale: number;
  /** Left and top of a tile. */
  readonly at: (row: number, column: number) => readonly [left: number, top: number];
}

/** The layout of rows of at most so many pictures of a size. */
export function sheetLayout(
  rows: number,
  columns: number,
  [height, width]: readonly [number, number],
): SheetLayout {
  const scale = Math.max(1, Math.ceil(LEAST / Math.min(height, width)));
  const [across, down] = [scale * width + GAP, scale * height + GAP];
  return {
    width: LABELS + columns * across + GAP,
    height: rows * down + GAP,
    scale,
    at: (row, column) => [LABELS + GAP + column * across, GAP + row * down],
  };
}

/** A contact sheet as PNG: a row for each class, its label and note on the left. The pictures have one size. */
export async function drawSheet(rows: readonly SheetRow[]): Promise<Uint8Array> {
  const columns = Math.max(1, ...rows.map(({ pictures }) => pictures.length));
  const first = rows.flatMap(({ pictures }) => pictures)[0];
  const side = [first?.height ?? LEAST, first?.width ?? LEAST] as const;
  const layout = sheetLayout(rows.length, columns, side);
  const { width, height } = layout;
  const pixels = new Uint8Array(3 * width * height).fill(255);
  rows.forEach(({ pictures }, row) => {
    pictures.forEach((picture, column) => {
      place(picture, layout, layout.at(row, column), pixels);
    });
  });
  const text = rows.flatMap(({ label, note }, row) => {
    const [, top] = layout.at(row, 0);
    return [line(label, top + 22, 'font-weight="bold"'), line(note, top + 40, 'fill="#555"')];
  });
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LABELS}" height="${height}" font-family="sans-serif" ` +
    `font-size="14">${text.join('')}</svg>`;
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(svg), left: 0, top: 0 }])
    .removeAlpha()
    .png()
    .toBuffer();
}

/** Copies a picture to its place, each pixel `scale` times in both directions. */
function place(
  { data, channels, height, width }: Picture,
  { scale, width: all }: SheetLayout,
  [left, top]: readonly [number, number],
  pixels: Uint8Array,
): void {
  for (let y = 0; y < scale * height; y++) {
    for (let x = 0; x < scale * width; x++) {
      const from = channels * (Math.floor(y / scale) * width + Math.floor(x / scale));
      const to = 3 * ((top + y) * all + left + x);
      for (let c = 0; c < 3; c++) pixels[to + c] = data[from + (channels === 3 ? c : 0)] ?? 0;
    }
  }
}

/** The longest text that fits into the column of labels. */
const MOST = 22;

function line(text: string, y: number, attributes: string): string {
  const letters = Array.from(text);
  const shown = letters.length > MOST ? `${letters.slice(0, MOST - 1).join('')}…` : text;
  return `<text x="8" y="${y}" ${attributes}>${escaped(shown)}</text>`;
}

/** Text as XML has it, which knows no control characters. */
function escaped(text: string): string {
  return text
    .replace(/\p{Cc}|\p{Cs}/gu, '\ufffd')
    .replace(/[&<>"']/g, (letter) => `&#${letter.codePointAt(0) ?? 0};`);
}
