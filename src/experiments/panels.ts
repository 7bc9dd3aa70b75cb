import type { ComparedNetwork, Comparison } from './compare.js';
import type { ParameterGradient } from './gradient-norms.js';

/** A line of a panel: points [x, y]. */
export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One of the picture's diagrams. */
export interface Panel {
  readonly title: string;
  /** What the lines cannot show, e.g. which networks diverged. */
  readonly note: string;
  readonly xName: string;
  readonly yName: string;
  readonly x: readonly [least: number, most: number];
  readonly y: readonly [least: number, most: number];
  /** `log`: the y of points and axis are decimal logarithms. */
  readonly scale: 'linear' | 'log';
  /** A reference level. */
  readonly level?: { readonly name: string; readonly y: number };
  readonly lines: readonly Line[];
}

/** The diagrams of one group of networks. */
export interface Row {
  readonly group: string | undefined;
  readonly panels: readonly Panel[];
}

type Moment = keyof ComparedNetwork['gradients'];

/** The diagrams of a comparison: in each row training loss, gradients at the start, gradients at the end. */
export function rowsOf(comparison: Comparison): readonly Row[] {
  const { networks } = comparison;
  // One scale in all rows, so that they can be compared.
  const lines = networks.flatMap((network) => [normsOf(network, 'start'), normsOf(network, 'end')]);
  const y = rangeOf(lines.flatMap(({ points }) => points.map(([, norm]) => norm)));
  const depth = Math.max(2, ...networks.map(({ gradients }) => layerGradients(gradients.start).length));
  return [...new Set(networks.map(({ group }) => group))].map((group) => {
    const row = networks.filter((network) => network.group === group);
    const layers = (when: Moment, title: string): Panel => ({
      title,
      note: row
        .flatMap((network) => (isBroken(network, when) ? [`${network.label}: 0 or NaN`] : []))
        .join(', '),
      xName: 'layer, from input to output',
      yName: 'gradient norm (L2)',
      x: [1, depth],
      y,
      scale: 'log',
      lines: row.map((network) => normsOf(network, when)),
    });
    return {
      group,
      panels: [
        lossPanel(row, comparison),
        layers('start', 'Gradient of each layer, before step 1'),
        layers('end', `Gradient of each layer, after step ${comparison.recipe.steps}`),
      ],
    };
  });
}

function lossPanel(row: readonly ComparedNetwork[], { recipe: { steps }, classes }: Comparison): Panel {
  const window = Math.max(1, Math.round(steps / 20));
  const line = ({ label, losses }: ComparedNetwork): Line => ({
    label,
    points: movingMean(losses, window).map((loss, i) => [i + window, loss]),
  });
  const guessing = Math.log(classes);
  // What is far above guessing has exploded; the axis is for those that learn.
  const most = Math.ceil(2.5 * guessing) / 2;
  const notes = row.flatMap(({ label, divergedAt, losses }) => {
    if (divergedAt !== undefined) return [`${label}: NaN at step ${divergedAt}`];
    const top = losses.reduce((a, b) => Math.max(a, b), 0);
    return top > 4 * guessing ? [`${label}: up to ${top.toPrecision(2).replace('+', '')}`] : [];
  });
  return {
    title: 'Training loss',
    note: notes.join(', '),
    xName: 'step',
    yName: window === 1 ? 'nats' : `nats, mean of ${window} steps`,
    x: [0, steps],
    y: [0, most],
    scale: 'linear',
    level: { name: 'guessing', y: guessing },
    lines: row.map(line),
  };
}

/**
 * Gradients of the weights of convolutions and linear layers, in the network's order: not of biases and batch norms.
 *
 * @example
 * const [first] = layerGradients(await gradientNorms(network, state, batch, { createSession }));
 */
export function layerGradients(gradients: readonly ParameterGradient[]): readonly ParameterGradient[] {
  return gradients.filter(({ shape }) => shape.length >= 2);
}

function normsOf(network: ComparedNetwork, when: Moment): Line {
  const layers = isBroken(network, when) ? [] : layerGradients(network.gradients[when]);
  return { label: network.label, points: layers.map(({ norm }, i) => [i + 1, Math.log10(norm)]) };
}

/** Whether a gradient is 0, NaN or infinite: such a network gets a note instead of a line. */
function isBroken({ gradients }: ComparedNetwork, when: Moment): boolean {
  return layerGradients(gradients[when]).some(({ norm }) => !(norm > 0 && norm < Infinity));
}

function movingMean(values: readonly number[], window: number): number[] {
  return values.slice(window - 1).map((_, i) => {
    const part = values.slice(i, i + window);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

/** How many powers of ten lie between two ticks: at most seven ticks. */
export function exponentStep([least, most]: readonly [number, number]): number {
  return Math.ceil((most - least) / 6);
}

/** The whole numbers around the logarithms, a whole number of ticks apart. */
function rangeOf(logarithms: readonly number[]): readonly [number, number] {
  if (logarithms.length === 0) return [-1, 1];
  const least = Math.floor(logarithms.reduce((a, b) => Math.min(a, b)));
  const most = Math.ceil(logarithms.reduce((a, b) => Math.max(a, b)));
  const step = exponentStep([least, Math.max(most, least + 1)]);
  return [least, least + step * Math.max(1, Math.ceil((most - least) / step))];
}
