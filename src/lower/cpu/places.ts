import type { Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import type { Forms, Places } from './forms.js';

/** The image that a grid of places makes: its size, and the size of each place. */
export interface PlacesShape {
  readonly n: number;
  /** Channels in whole blocks. */
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly ph: number;
  readonly pw: number;
}

/** An image in places, each blocked [N,C,ph,pw], and how they are laid side by side when somebody needs the whole. */
export function joinPlaces(f: Forms, grid: Places['grid'], shape: PlacesShape): Places {
  const { n, c, h, w, ph, pw } = shape;
  const { b, block } = f;
  const images = (n * c) / block;
  const join = (places: Places['grid']): Value => {
    const [rows, columns] = [ph * places.length, pw * (places[0]?.length ?? 1)];
    const full = b.reshape(sideBySide(f, places, images * ph, pw), [images, rows, columns, block]);
    const exact =
      rows === h && columns === w ? full : b.slice(full, { axes: [1, 2], starts: [0, 0], ends: [h, w] });
    return b.reshape(exact, [n, c, h, w]);
  };
  return { grid, join };
}

/** Whether two images of one shape are apart in the same places. */
export function areAlike(one: Places, other: Places): boolean {
  const widths = ({ grid }: Places): string => grid.map((row) => row.length).join();
  return widths(one) === widths(other);
}

/** The sum of two images that are apart in the same places. */
export function addPlaces(f: Forms, one: Places, other: Places): Places {
  const grid = one.grid.map((row, i) =>
    row.map((value, j) => {
      const second = other.grid[i]?.[j];
      if (value === undefined || second === undefined) return value ?? second;
      return f.b.add(value, second, 'grad');
    }),
  );
  return { grid, join: one.join };
}

/** Pixels [lines, w, b] of each place -> [lines, s, w, s, b] as [lines, s w s b]. */
function sideBySide(f: Forms, grid: Places['grid'], lines: number, w: number): Value {
  const { b, block } = f;
  const shape = [lines * w, block];
  const zeros = (): Value => b.emit(ops.Expand, [b.scalar(0)], { shape }, 'zeros');
  const rows = grid.map((row) => {
    const pixels = row.map((value) => (value === undefined ? zeros() : b.reshape(value, shape)));
    return b.reshape(b.concat(pixels, 1), [lines, w * row.length * block]);
  });
  return b.concat(rows, 1);
}
