import type { Outline, OutlineGroup, OutlineLayer } from './network-outline.js';

/** Sizes in pixels at scale 1. */
const size = {
  layer: { conv: 9, norm: 3, pool: 5, linear: 8 },
  gap: 4,
  /** The circle in which a shortcut ends. */
  sum: 14,
  between: 14,
  input: 44,
  output: 30,
  tallest: 74,
  lowest: 14,
} as const;

/** Pixels that `128 channels` takes. */
const LABEL = 76;

/** Of layers and gaps in width; below the least a row is broken. */
const scales = { least: 0.7, most: 2.3, floor: 0.3 } as const;

/** Room above a row for shortcuts, and below for labels. */
const above = 24;
const below = 34;

/** A layer in its place; `x` is its left edge. */
export interface PlacedLayer extends OutlineLayer {
  readonly x: number;
  readonly width: number;
  readonly height: number;
}

/** A group in its place. */
export interface PlacedGroup {
  readonly group: OutlineGroup;
  readonly layers: readonly PlacedLayer[];
  readonly x: number;
  readonly end: number;
  /** Where the shortcut leaves and where it is added. */
  readonly arc?: { readonly from: number; readonly to: number; readonly height: number };
}

/** Text below the layers that have one shape. */
export interface PlacedLabel {
  readonly x: number;
  readonly lines: readonly string[];
}

/** A line of the picture. */
export interface PlacedRow {
  /** Height of the line that runs through all layers. */
  readonly y: number;
  readonly from: number;
  readonly to: number;
  readonly groups: readonly PlacedGroup[];
  readonly labels: readonly PlacedLabel[];
  /** Left edge of the input's picture, in the first row. */
  readonly input?: number;
  /** Left edge of the outputs, in the last row. */
  readonly output?: number;
}

/** The picture's measures. */
export interface PictureLayout {
  readonly width: number;
  readonly height: number;
  readonly rows: readonly PlacedRow[];
}

/** Places a network's layers into `width` pixels: in one row if it is wide enough, else a stage or more in each row. */
export function layOut(outline: Outline, width: number): PictureLayout {
  const segments = segmentsOf(outline.groups);
  const rows = breakIntoRows(segments, width);
  const ends = rows.map((_, i): Ends => ({ first: i === 0, last: i === rows.length - 1 }));
  // One scale for all rows: a block looks the same wherever it stands.
  const spacings = rows.map((groups, i) => spacingOf(groups, width, ends[i] ?? single));
  const spacing: Spacing = {
    scale: Math.min(...spacings.map(({ scale }) => scale)),
    between: Math.min(...spacings.map(({ between }) => between)),
  };
  let y = 0;
  const placed = rows.map((groups, i) => {
    const { first, last } = ends[i] ?? single;
    const shortcuts = groups.some(({ shortcut }) => shortcut !== undefined);
    const tallest = Math.max(...groups.flatMap(({ layers }) => layers.map((l) => heightOf(l, outline))));
    const half = Math.max(tallest / 2, first || last ? size.input / 2 : 0);
    y += half + (shortcuts ? above : 8);
    const row = placeRow(groups, outline, { width, y, first, last, ...spacing });
    y += half + below;
    return row;
  });
  return { width, height: Math.ceil(y), rows: placed };
}

/** Groups that stay in one row: the layers before blocks and the blocks of one stage. */
function segmentsOf(groups: readonly OutlineGroup[]): readonly (readonly OutlineGroup[])[] {
  const segments: OutlineGroup[][] = [];
  groups.forEach((group, i) => {
    const before = groups[i - 1];
    const starts = before === undefined || (before.stage !== '' && before.stage !== group.stage);
    if (starts) segments.push([group]);
    else segments.at(-1)?.push(group);
  });
  return segments;
}

function breakIntoRows(
  segments: readonly (readonly OutlineGroup[])[],
  width: number,
): readonly (readonly OutlineGroup[])[] {
  const fits = (groups: readonly OutlineGroup[]): boolean =>
    widthOf(groups, scales.least) + size.input + size.output + 4 * size.between <= width;
  const all = segments.flat();
  if (fits(all)) return [all];
  const rows: OutlineGroup[][] = [];
  segments.forEach((segment, i) => {
    const row = rows.at(-1);
    // The end of the network alone in a row would be a loose end.
    const head = i === segments.length - 1 && segment.every(({ name }) => name === '');
    if (row !== undefined && (head || fits([...row, ...segment]))) row.push(...segment);
    else rows.push([...segment]);
  });
  return rows;
}

function widthOf(groups: readonly OutlineGroup[], scale: number): number {
  return groups.reduce((sum, group) => sum + groupWidth(group, scale) + size.between * scale, 0);
}

function groupWidth({ layers, shortcut }: OutlineGroup, scale: number): number {
  const own = layers.reduce((sum, { kind }, i) => sum + size.layer[kind] + (i > 0 ? gapBefore(kind) : 0), 0);
  return (own + (shortcut === undefined ? 0 : size.sum + size.gap)) * scale;
}

/** Batch norm sticks to its convolution. */
const gapBefore = (kind: OutlineLayer['kind']): number => (kind === 'norm' ? 1 : size.gap);

function heightOf({ shape }: OutlineLayer, { input }: Outline): number {
  const side = shape.length === 3 ? (shape[1] ?? 1) : 1;
  return Math.max(size.lowest, size.tallest * Math.sqrt(side / (input[1] ?? 1)));
}

/** Whether a row has the input and the outputs. */
interface Ends {
  readonly first: boolean;
  readonly last: boolean;
}

const single: Ends = { first: true, last: true };

interface Spacing {
  readonly scale: number;
  /** Pixels between groups. */
  readonly between: number;
}

/** Left of the first thing in a row, and right of the last. */
const margin = 4;

/** Where the line comes in at the beginning of a row that is not the first. */
const lead = 16;

const startOf = ({ first }: Ends): number => margin + (first ? size.input : lead);

/** How large a row can be drawn; what is left over goes between the groups, as far as it still looks like one network. */
function spacingOf(groups: readonly OutlineGroup[], width: number, ends: Ends): Spacing {
  const room = width - startOf(ends) - (ends.last ? size.output : 0) - margin - 2 * size.between;
  const scale = Math.min(scales.most, Math.max(scales.floor, room / widthOf(groups, 1)));
  const spare = Math.max(0, room - widthOf(groups, scale));
  return { scale, between: size.between * scale + Math.min(28, spare / (groups.length + 1)) };
}

interface RowPlace extends Ends, Spacing {
  readonly width: number;
  readonly y: number;
}

function placeRow(groups: readonly OutlineGroup[], outline: Outline, place: RowPlace): PlacedRow {
  const { width, y, first, last, scale, between } = place;
  let x = startOf(place) + (first ? between : 0);
  const placed = groups.map((group) => {
    const result = placeGroup(group, outline, x, scale);
    x = result.end + between;
    return result;
  });
  const to = last ? x : x - between + size.gap;
  const shift = first && last ? Math.max(0, (width - (to + size.output + margin)) / 2) : 0;
  return moved(
    {
      y,
      from: first ? margin + size.input : 0,
      to,
      groups: placed,
      labels: labelsOf(placed),
      ...(first && { input: margin }),
      ...(last && { output: x }),
    },
    shift,
  );
}

function placeGroup(group: OutlineGroup, outline: Outline, left: number, scale: number): PlacedGroup {
  const { shortcut } = group;
  let x = left;
  const layers = group.layers.map((layer, i): PlacedLayer => {
    if (i > 0) x += gapBefore(layer.kind) * scale;
    const placed = { ...layer, x, width: size.layer[layer.kind] * scale, height: heightOf(layer, outline) };
    x += placed.width;
    return placed;
  });
  if (shortcut === undefined) return { group, layers, x: left, end: x };
  const to = x + (size.gap + size.sum / 2) * scale;
  const height = Math.max(...layers.map((layer) => layer.height)) / 2 + 14;
  return {
    ...{ group, layers, x: left },
    end: to + (size.sum / 2) * scale,
    arc: { from: left - Math.min(5, size.gap * scale), to, height },
  };
}

/** One label for neighbours whose results have the same shape. */
function labelsOf(groups: readonly PlacedGroup[]): readonly PlacedLabel[] {
  const labels: { from: number; to: number; text: string; lines: readonly string[] }[] = [];
  for (const { layers, x, end } of groups) {
    const shape = layers.at(-1)?.shape ?? [];
    if (shape.length !== 3) continue;
    const [channels, height, width] = shape;
    if (height === 1 && width === 1 && layers.every(({ kind }) => kind !== 'conv')) continue;
    const text = shape.join();
    const last = labels.at(-1);
    if (last?.text === text) last.to = end;
    else labels.push({ from: x, to: end, text, lines: [`${height}×${width}`, `${channels} channels`] });
  }
  return labels.map(({ from, to, lines }, i) => {
    const x = (from + to) / 2;
    const beside = [labels[i - 1], labels[i + 1]].filter((label) => label !== undefined);
    const room = Math.min(...beside.map((label) => Math.abs((label.from + label.to) / 2 - x)));
    return { x, lines: room < LABEL ? lines.map((line) => line.replace(' channels', ' ch.')) : lines };
  });
}

function moved(row: PlacedRow, by: number): PlacedRow {
  if (by === 0) return row;
  return {
    ...row,
    from: row.from + by,
    to: row.to + by,
    ...(row.input !== undefined && { input: row.input + by }),
    ...(row.output !== undefined && { output: row.output + by }),
    labels: row.labels.map((label) => ({ ...label, x: label.x + by })),
    groups: row.groups.map(({ arc, ...group }) => ({
      ...group,
      x: group.x + by,
      end: group.end + by,
      layers: group.layers.map((layer) => ({ ...layer, x: layer.x + by })),
      ...(arc && { arc: { ...arc, from: arc.from + by, to: arc.to + by } }),
    })),
  };
}
