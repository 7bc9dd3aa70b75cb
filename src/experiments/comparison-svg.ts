import type { Comparison } from './compare.js';
import type { EChartsCoreOption } from 'echarts/core';
import { exponentStep, rowsOf, type Panel, type Row } from './panels.js';

/** How a comparison is drawn. */
export interface PictureOptions {
  /** Default: data, optimizer, learning rate and batch size. */
  readonly title?: string;
}

/** Places in pixels: of the picture, of a row, of a panel in its row. */
const size = { width: 1320, head: 96, row: 372, named: 34 } as const;
const grid = { width: 334, height: 222, left: 76, top: 48, step: 440 } as const;

/** Warm and cold, light and dark: told apart in grey and by the colour-blind too. */
const palette = ['#f59e0b', '#b91c1c', '#38bdf8', '#1e3a8a', '#84cc16', '#166534', '#c084fc', '#581c87'];
const ink = { text: '#1f2937', quiet: '#4b5563', line: '#9ca3af', raster: '#e5e7eb' } as const;

/**
 * A comparison as a picture in SVG, on white: a row for each group of networks, in it the training loss, and the
 * gradient norm of each layer at the start and at the end, on logarithmic axes.
 *
 * @example
 * const svg = await comparisonSvg(await compareNetworks(candidates, options));
 */
export async function comparisonSvg(comparison: Comparison, options: PictureOptions = {}): Promise<string> {
  // A megabyte of charts, loaded only when one is drawn.
  const [{ init, use }, { LineChart }, components, { SVGRenderer }] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  const { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } = components;
  use([LineChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);
  const rows = placed(rowsOf(comparison));
  const height = Math.max(size.head, ...rows.map(({ top, height }) => top + height));
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: size.width, height });
  try {
    chart.setOption(optionOf(comparison, rows, options));
    return chart.renderToSVGString({ useViewBox: true });
  } finally {
    chart.dispose();
  }
}

interface PlacedRow extends Row {
  readonly top: number;
  readonly height: number;
}

/** A row with a name is taller by one line. */
function placed(rows: readonly Row[]): readonly PlacedRow[] {
  let top: number = size.head;
  return rows.map((row) => {
    const height = size.row + (row.group === undefined ? -size.named : 0);
    const result = { ...row, top, height };
    top += height;
    return result;
  });
}

function optionOf(
  comparison: Comparison,
  rows: readonly PlacedRow[],
  { title = titleOf(comparison) }: PictureOptions,
): EChartsCoreOption {
  const labels = [...new Set(comparison.networks.map(({ label }) => label))];
  const panels = rows.flatMap(({ top, group, panels }) =>
    panels.map((panel, column) => ({
      panel,
      left: grid.left + column * grid.step,
      top: top + (group === undefined ? 0 : size.named),
    })),
  );
  return {
    animation: false,
    backgroundColor: '#ffffff',
    color: palette,
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif', color: ink.text },
    legend: {
      data: labels.map((name) => ({ name })),
      top: 48,
      ...{ itemWidth: 36, itemHeight: 6, itemGap: 32, icon: 'rect', selectedMode: false },
      textStyle: { fontSize: 18, color: ink.text },
    },
    title: [
      { text: title, left: 'center', top: 12, textStyle: { fontSize: 20, color: ink.text } },
      ...rows.map(({ group = '', top }) => ({
        text: `${group.slice(0, 1).toUpperCase()}${group.slice(1)}`,
        ...{ left: 16, top, padding: 0 },
        textStyle: { fontSize: 19, color: ink.text },
      })),
      ...panels.map(({ panel, left, top }) => ({
        text: panel.title,
        subtext: panel.note,
        ...{ left: left - 4, top, padding: 0, itemGap: 5 },
        textStyle: { fontSize: 16, fontWeight: 'normal', color: ink.text },
        subtextStyle: { fontSize: 14, color: palette[1] },
      })),
    ],
    grid: panels.map(({ left, top }) => ({
      ...{ left, top: top + grid.top, width: grid.width, height: grid.height },
    })),
    xAxis: panels.map(({ panel: { xName, x } }, gridIndex) => ({
      ...axis(xName, 30),
      ...{ gridIndex, min: x[0], max: x[1], splitLine: { show: false } },
    })),
    yAxis: panels.map(({ panel: { yName, y, scale } }, gridIndex) => ({
      ...axis(yName, 48, scale === 'log' ? power : String),
      ...{ gridIndex, min: y[0], max: y[1] },
      ...(scale === 'log' && { interval: exponentStep(y) }),
      splitLine: { lineStyle: { color: ink.raster } },
    })),
    series: panels.flatMap(({ panel }, index) => seriesOf(panel, index, labels)),
  };
}

function seriesOf({ lines, level }: Panel, index: number, labels: readonly string[]): object[] {
  return lines.map(({ label, points }, i) => ({
    ...{ type: 'line', name: label, xAxisIndex: index, yAxisIndex: index, showSymbol: false, silent: true },
    lineStyle: { width: 2.5, color: palette[labels.indexOf(label) % palette.length] },
    data: points.map(([x, y]) => [x, Number(y.toPrecision(4))]),
    ...(i === 0 &&
      level && {
        markLine: {
          ...{ symbol: 'none', silent: true },
          lineStyle: { color: ink.quiet, type: 'dashed', width: 1.5 },
          label: { formatter: level.name, position: 'insideEndTop', color: ink.quiet, fontSize: 14 },
          data: [{ yAxis: level.y }],
        },
      }),
  }));
}

function axis(name: string, nameGap: number, formatter: (value: number) => string = String): object {
  return {
    ...{ type: 'value', name, nameLocation: 'middle', nameGap },
    nameTextStyle: { fontSize: 15, color: ink.quiet },
    axisLabel: { fontSize: 14, color: ink.quiet, formatter },
    axisLine: { show: true, onZero: false, lineStyle: { color: ink.line } },
  };
}

/** -3 -> `10⁻³` */
function power(exponent: number): string {
  const digits = String(exponent).replaceAll('-', '⁻');
  return `10${digits.replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] ?? '')}`;
}

function titleOf({ data, recipe: { optimizer, learningRate, batchSize } }: Comparison): string {
  const momentum = 'momentum' in optimizer ? `, momentum ${optimizer.momentum ?? 0}` : '';
  const name = { sgd: 'SGD', adam: 'Adam', adamw: 'AdamW' }[optimizer.kind];
  return `${name}${momentum}, learning rate ${learningRate}, batches of ${batchSize} from ${data}`;
}
