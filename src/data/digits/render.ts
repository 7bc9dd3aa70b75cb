import type { Line } from './strokes.js';

/** Side of the box that the ink is fitted in, as in MNIST. */
export const BOX = 20;

/**
 * Draws lines with a round pen into the box [BOX * BOX], row by row, ink 0..1. The ink's longer side fills the box, the
 * shorter one keeps its proportion and is centred.
 *
 * @param radius - of the pen, in pixels, before pressure
 * @param softness - width of the edge over which ink goes from 1 to 0, in pixels
 */
export function renderLines(lines: readonly Line[], radius: number, softness: number): Float64Array {
  const field = distanceField(fitLines(lines, radius), radius);
  return field.map((inside) => Math.min(Math.max(inside / softness + 0.5, 0), 1));
}

/** Scales and shifts lines so that their ink, of the pen's radius around them, fits in the box. */
function fitLines(lines: readonly Line[], radius: number): readonly Line[] {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const line of lines) {
    for (const { x, y } of line) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  const scale = (BOX - 2 * radius) / Math.max(right - left, bottom - top);
  const dx = BOX / 2 - (scale * (left + right)) / 2;
  const dy = BOX / 2 - (scale * (top + bottom)) / 2;
  return lines.map((line) =>
    line.map(({ x, y, pressure }) => ({ x: x * scale + dx, y: y * scale + dy, pressure })),
  );
}

/** For each pixel of the box the depth of its centre inside the ink, in pixels; negative outside. */
function distanceField(lines: readonly Line[], radius: number): Float64Array {
  const field = new Float64Array(BOX * BOX).fill(-BOX);
  for (const line of lines) {
    for (let i = 1; i < line.length; i++) {
      const from = line[i - 1];
      const to = line[i];
      if (from === undefined || to === undefined) break;
      const reach = radius * Math.max(from.pressure, to.pressure) + 1;
      const dx = to.x - from.x;
      const dy = to.y - from.y;
      const perLength = 1 / (dx * dx + dy * dy + 1e-9);
      const x1 = Math.min(Math.floor(Math.max(from.x, to.x) + reach), BOX - 1);
      const y1 = Math.min(Math.floor(Math.max(from.y, to.y) + reach), BOX - 1);
      const x0 = Math.max(Math.floor(Math.min(from.x, to.x) - reach), 0);
      for (let row = Math.max(Math.floor(Math.min(from.y, to.y) - reach), 0); row <= y1; row++) {
        for (let column = x0; column <= x1; column++) {
          const px = column + 0.5 - from.x;
          const py = row + 0.5 - from.y;
          // Nearest point of the piece: t along it.
          const t = Math.min(Math.max((px * dx + py * dy) * perLength, 0), 1);
          const ex = px - t * dx;
          const ey = py - t * dy;
          const thick = radius * (from.pressure + t * (to.pressure - from.pressure));
          const inside = thick - Math.sqrt(ex * ex + ey * ey);
          const at = row * BOX + column;
          if (inside > (field[at] ?? 0)) field[at] = inside;
        }
      }
    }
  }
  return field;
}
