import { svg } from './dom.js';
import { count } from './format.js';
import type { Outline } from './network-outline.js';
import { layOut, type PlacedGroup, type PlacedRow } from './picture-layout.js';

const shortcutNames = {
  identity: 'shortcut: the input is added as it is',
  padded: 'shortcut: every second pixel, with zeros for the new channels',
  projection: 'shortcut: a 1×1 convolution makes the shapes equal',
} as const;

/** Draws a network into an element, and again whenever the element gets another width. */
export class NetworkPicture {
  readonly #host: HTMLElement;
  readonly #example: string;
  #outline: Outline | undefined;
  #width = 0;

  /** @param example - URL of a picture of what goes in. */
  constructor(host: HTMLElement, example: string) {
    this.#host = host;
    this.#example = example;
    new ResizeObserver(() => {
      this.#draw();
    }).observe(host);
  }

  show(outline: Outline): void {
    this.#outline = outline;
    this.#width = 0;
    this.#draw();
  }

  #draw(): void {
    const width = Math.floor(this.#host.clientWidth);
    if (this.#outline === undefined || width === 0 || width === this.#width) return;
    this.#width = width;
    this.#host.replaceChildren(drawing(this.#outline, width, this.#example));
  }
}

/** The picture in words. */
function describe({ name, input, groups, parameters, classes }: Outline): string {
  const layers = groups.flatMap((group) => group.layers);
  const of = (kind: string): number => layers.filter((layer) => layer.kind === kind).length;
  const blocks = groups.filter(({ shortcut }) => shortcut !== undefined).length;
  const shortcuts = blocks === 0 ? 'no shortcuts' : `${blocks} residual blocks with shortcuts`;
  const norms = of('norm') === 0 ? 'no batch norm' : 'batch norm after each convolution';
  return (
    `Network ${name}: from images of ${input.slice(1).join(' by ')} pixels through ${of('conv')} convolutions, ` +
    `${shortcuts}, ${norms}, to ${classes} probabilities; ${count(parameters)} parameters.`
  );
}

function drawing(outline: Outline, width: number, example: string): SVGSVGElement {
  const layout = layOut(outline, width);
  const { rows, height } = layout;
  const root = svg('svg', { ...{ width, height }, viewBox: `0 0 ${width} ${height}`, role: 'img' });
  root.setAttribute('aria-label', describe(outline));
  rows.forEach((row, i) => {
    const next = rows[i + 1];
    if (next !== undefined) root.append(svg('path', { class: 'wire', d: wireBetween(row, next, width) }));
    root.append(
      svg('path', { class: 'wire', d: `M${row.from} ${row.y}H${row.to}` }),
      ...row.groups.map((group) => drawGroup(group, row.y)),
      ...row.labels.flatMap(({ x, lines }) => labelAt(x, row.y, lines, rowHalf(row))),
    );
    if (row.input !== undefined) root.append(drawInput(row.input, row.y, example));
    if (row.output !== undefined) root.append(drawOutput(row.output, row.y, outline.classes));
  });
  return root;
}

const rowHalf = ({ groups }: PlacedRow): number =>
  Math.max(...groups.flatMap(({ layers }) => layers.map(({ height }) => height))) / 2;

function labelAt(x: number, y: number, lines: readonly string[], half: number): SVGTextElement[] {
  return lines.map((line, i) => svg('text', { class: 'label', x, y: y + half + 15 + 13 * i }, line));
}

/** From the end of a row around to the beginning of the next. */
function wireBetween(row: PlacedRow, next: PlacedRow, width: number): string {
  const right = Math.min(row.to + 8, width - 2);
  const middle = row.y + rowHalf(row) + 33;
  return `M${row.to} ${row.y}H${right - 4}Q${right} ${row.y} ${right} ${row.y + 4}V${middle}H1V${next.y - 4}Q1 ${next.y} 5 ${next.y}H${next.from + 6}`;
}

function drawGroup({ group, layers, arc }: PlacedGroup, y: number): SVGGElement {
  const boxes = layers.map(({ kind, label, shape, x, width, height }) =>
    svg(
      'rect',
      {
        ...{ class: `layer ${kind}`, x, y: y - height / 2, width, height },
        rx: kind === 'norm' || kind === 'pool' ? 1 : Math.min(3, width / 3),
      },
      svg('title', {}, `${label} → ${shape.join(' × ')}`),
    ),
  );
  if (arc === undefined || group.shortcut === undefined) return svg('g', {}, ...boxes);
  const { from, to, height } = arc;
  const r = Math.min(6, Math.max(3, (to - from) / 10));
  // A cubic curve rises to three quarters of its control points.
  const control = y - height / 0.75;
  return svg(
    'g',
    {},
    svg(
      'path',
      {
        class: `arc ${group.shortcut}`,
        d: `M${from} ${y}C${from} ${control} ${to} ${control} ${to} ${y - r}`,
      },
      svg('title', {}, shortcutNames[group.shortcut]),
    ),
    ...boxes,
    svg('circle', { class: 'sum', cx: to, cy: y, r }),
    svg('path', { class: 'plus', d: `M${to - r * 0.55} ${y}h${r * 1.1}M${to} ${y - r * 0.55}v${r * 1.1}` }),
  );
}

function drawInput(x: number, y: number, example: string): SVGGElement {
  return svg(
    'g',
    {},
    svg('image', { class: 'pixels', href: example, x, y: y - 22, width: 44, height: 44 }),
    svg('rect', { class: 'frame', x, y: y - 22, width: 44, height: 44, rx: 4 }),
  );
}

function drawOutput(x: number, y: number, classes: number): SVGGElement {
  const shown = Math.min(classes, 10);
  const step = 7;
  const top = y - (step * (shown - 1)) / 2;
  return svg(
    'g',
    {},
    ...Array.from({ length: shown }, (_, i) =>
      svg('circle', { class: 'output', cx: x + 4, cy: top + step * i, r: 2.4 }),
    ),
    ...(classes === 10
      ? Array.from({ length: 10 }, (_, i) =>
          svg('text', { class: 'tick', x: x + 11, y: top + step * i + 2.6 }, String(i)),
        )
      : [svg('text', { class: 'tick', x: x + 11, y: y + 3 }, String(classes))]),
  );
}
