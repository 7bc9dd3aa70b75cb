import { describe, expect, it } from 'vitest';
import { pixelsFromDrawing, type DigitImage, type Drawing } from '../../src/data/drawing.js';
import { OptionError } from '../../src/errors.js';

/** What a canvas would give: a rectangle of ink on paper, each [red, green, blue, alpha]. */
function drawn(
  [width, height]: readonly [number, number],
  [left, top, right, bottom]: readonly [number, number, number, number],
  {
    ink = [0, 0, 0, 255],
    paper = [255, 255, 255, 255],
  }: Partial<Record<'ink' | 'paper', readonly number[]>> = {},
): Drawing {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set(x >= left && x < right && y >= top && y < bottom ? ink : paper, 4 * (y * width + x));
    }
  }
  return { data, width, height };
}

const at = (image: DigitImage | undefined, x: number, y: number): number => image?.pixels[28 * y + x] ?? NaN;

/** Columns and rows that have ink, and its centre of mass. */
function extent(image: DigitImage | undefined) {
  const inked = Array.from(image?.pixels ?? []).flatMap((value, i) =>
    value > 0 ? [{ x: i % 28, y: Math.floor(i / 28), value }] : [],
  );
  const mass = inked.reduce((sum, { value }) => sum + value, 0);
  const [xs, ys] = [inked.map(({ x }) => x), inked.map(({ y }) => y)];
  return {
    width: Math.max(...xs) - Math.min(...xs) + 1,
    height: Math.max(...ys) - Math.min(...ys) + 1,
    centre: [
      inked.reduce((sum, { x, value }) => sum + x * value, 0) / mass,
      inked.reduce((sum, { y, value }) => sum + y * value, 0) / mass,
    ],
  };
}

describe('pixelsFromDrawing', () => {
  it('scales the longer side to 20 pixels and keeps the proportion', () => {
    const tall = extent(pixelsFromDrawing(drawn([300, 300], [10, 20, 60, 220])));
    expect([tall.width, tall.height]).toEqual([6, 20]);
    const wide = extent(pixelsFromDrawing(drawn([40, 40], [1, 1, 39, 11])));
    expect(wide.width).toBe(20);
    expect(wide.height).toBeLessThanOrEqual(6);
  });

  it('puts the centre of mass into the middle, wherever it was drawn', () => {
    for (const [dx, dy] of [
      [0, 0],
      [120, 30],
      [7, 190],
    ] as const) {
      const image = pixelsFromDrawing(drawn([300, 300], [10 + dx, 5 + dy, 60 + dx, 105 + dy]));
      const { centre } = extent(image);
      // By whole pixels, to pixel 14 as the embedded digits are.
      for (const coordinate of centre) expect(Math.abs(coordinate - 14)).toBeLessThanOrEqual(0.5);
    }
  });

  it('keeps the ink: full inside, the mean at the edge', () => {
    const image = pixelsFromDrawing(drawn([100, 100], [20, 20, 60, 60]));
    expect(extent(image)).toMatchObject({ width: 20, height: 20 });
    expect(at(image, 14, 14)).toBe(255);
    expect(at(image, 1, 1)).toBe(0);
    // 41 columns of ink and 41 pixels of height: 2.05 go into one.
    const odd = pixelsFromDrawing(drawn([100, 100], [20, 20, 41, 61]));
    const edge = Array.from({ length: 28 }, (_, x) => at(odd, x, 14)).filter(
      (value) => value > 0 && value < 255,
    );
    expect(edge.length).toBeGreaterThan(0);
  });

  it('takes ink for what differs from the corners', () => {
    const box = [30, 30, 50, 90] as const;
    const black = pixelsFromDrawing(drawn([120, 120], box));
    expect(black?.pixels.some((value) => value === 255)).toBe(true);
    const white = { ink: [255, 255, 255, 255], paper: [0, 0, 0, 255] };
    expect(pixelsFromDrawing(drawn([120, 120], box, white))).toEqual(black);
    // A canvas that nothing was painted on is transparent; ink of any colour shows there.
    for (const ink of [
      [0, 0, 0, 255],
      [255, 0, 90, 255],
    ]) {
      expect(pixelsFromDrawing(drawn([120, 120], box, { ink, paper: [0, 0, 0, 0] }))).toEqual(black);
    }
  });

  it('gives nothing for nothing', () => {
    expect(pixelsFromDrawing(drawn([50, 50], [0, 0, 0, 0]))).toBeUndefined();
    expect(pixelsFromDrawing(drawn([50, 50], [0, 0, 0, 0], { paper: [0, 0, 0, 0] }))).toBeUndefined();
    const faint = { ink: [250, 250, 250, 255] };
    expect(pixelsFromDrawing(drawn([50, 50], [10, 10, 40, 40], faint))).toBeUndefined();
  });

  it('takes a dot', () => {
    expect(extent(pixelsFromDrawing(drawn([50, 50], [20, 20, 21, 21])))).toMatchObject({
      width: 20,
      height: 20,
    });
  });

  it('refuses data of another size', () => {
    expect(() => pixelsFromDrawing({ data: new Uint8Array(10), width: 2, height: 2 })).toThrow(OptionError);
    expect(() => pixelsFromDrawing({ data: [], width: 0, height: 0 })).toThrow(OptionError);
  });
});
