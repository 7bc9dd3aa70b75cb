import uPlot from 'uplot';
import { html, setText } from './dom.js';
import type { Values } from './run-curve.js';

/** A line of a chart. */
export interface Line {
  /** For the value under the pointer. */
  readonly name: string;
  /** Custom property of the page's style that holds its colour. */
  readonly colour: `--${string}`;
  readonly width: number;
  readonly dash?: readonly number[];
  /** Whether each value is a dot of its own, as after epochs. */
  readonly dots?: boolean;
  /** Whether the axis makes room for it. */
  readonly fits?: boolean;
}

/** What a chart is. */
export interface ChartOptions {
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** Upper end of the axis, given the largest value of the lines that it makes room for. */
  readonly top: (largest: number) => number;
  /** What stands there while there are no values. */
  readonly empty: string;
}

/** Milliseconds between two drawings: what trains needs the cores more. */
const PAUSE = 100;

/** A chart by step that is drawn at most ten times a second, in the colours of the page's scheme. */
export class LiveChart {
  readonly #host: HTMLElement;
  readonly #options: ChartOptions;
  readonly #plot: uPlot;
  readonly #readout = html('p', { class: 'readout', 'aria-hidden': 'true' });
  readonly #empty: HTMLElement;
  #data: readonly Values[];
  #drawnAt = 0;
  #waiting = false;

  constructor(host: HTMLElement, options: ChartOptions) {
    this.#host = host;
    this.#options = options;
    this.#data = options.lines.map(() => []);
    this.#empty = html('p', { class: 'empty', 'aria-hidden': 'true' }, options.empty);
    this.#plot = new uPlot(this.#plotOptions(), [[], ...options.lines.map(() => [])], host);
    host.append(this.#readout, this.#empty);
    new ResizeObserver(() => {
      this.#plot.setSize({ width: host.clientWidth, height: host.clientHeight });
    }).observe(host);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#plot.redraw(false);
    });
  }

  /** Shows values by step, one list for each line; the lists may grow afterwards, until the next call. */
  show(data: readonly Values[]): void {
    this.#data = data;
    if (this.#waiting) return;
    this.#waiting = true;
    const wait = Math.max(0, PAUSE - (performance.now() - this.#drawnAt));
    setTimeout(() => {
      requestAnimationFrame(() => {
        this.#waiting = false;
        this.#drawnAt = performance.now();
        this.#draw();
      });
    }, wait);
  }

  #draw(): void {
    const steps = Math.max(0, ...this.#data.map(({ length }) => length));
    this.#empty.hidden = steps > 0;
    const x = Array.from({ length: steps }, (_, i) => i + 1);
    const lines = this.#data.map((values) =>
      values.length === steps
        ? values
        : [...values, ...new Array<null>(Math.max(0, steps - values.length)).fill(null)],
    );
    this.#plot.setData([x, ...lines]);
  }

  #plotOptions(): uPlot.Options {
    const { lines, format, top } = this.#options;
    const colour = (name: string) => (): string => getComputedStyle(this.#host).getPropertyValue(name);
    const axis = {
      stroke: colour('--ink-soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: `12px ${getComputedStyle(this.#host).fontFamily}`,
    };
    return {
      width: Math.max(1, this.#host.clientWidth),
      height: Math.max(1, this.#host.clientHeight),
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      padding: [8, 12, 0, 0],
      scales: {
        x: { time: false, range: (_, __, max) => [0, Math.max(10, max || 0)] },
        y: { range: () => [0, top(this.#largest())] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          space: 60,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000],
        },
        {
          ...{ ...axis, size: 48, space: 34 },
          values: (_, ticks) => ticks.map(format),
        },
      ],
      series: [
        {},
        ...lines.map(({ colour: name, width, dash, dots = false }): uPlot.Series => ({
          ...{ stroke: colour(name), width, spanGaps: true },
          points: dots ? { show: true, size: 7, fill: colour(name), width: 0 } : { show: false },
          ...(dash && { dash: [...dash] }),
        })),
      ],
      hooks: {
        setCursor: [
          (plot) => {
            this.#showValues(plot.cursor.idx ?? undefined);
          },
        ],
      },
    };
  }

  #largest(): number {
    let largest = 0;
    this.#options.lines.forEach(({ fits = true }, i) => {
      if (!fits) return;
      for (const value of this.#data[i] ?? []) {
        if (value !== null && Number.isFinite(value) && value > largest) largest = value;
      }
    });
    return largest;
  }

  /** The values of the step under the pointer. */
  #showValues(index: number | undefined): void {
    const values = this.#options.lines.flatMap(({ name }, i) => {
      const value = index === undefined ? undefined : this.#data[i]?.[index];
      return value === undefined || value === null ? [] : [`${name} ${this.#options.format(value)}`];
    });
    setText(
      this.#readout,
      index === undefined || values.length === 0 ? '' : `step ${index + 1}: ${values.join(', ')}`,
    );
  }
}
