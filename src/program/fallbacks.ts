import type { NodeReport } from './types.js';

/** What runs in its portable form on a device that has a form of its own: correct numbers, but not at the device's speed. */
export interface Fallback {
  /** `grouped convolution`, including its gradients; an operator's name; or `all operators`. */
  readonly what: string;
  /** In the order of the step; none: the whole network. */
  readonly layers: readonly string[];
  /** Share of the step, 0 to 1, counted from the shapes and not measured. */
  readonly share: number;
  /** What it is a share of: operators without multiply-adds are weighed by the numbers that they read and write. */
  readonly of: 'multiply-adds' | 'numbers read and written';
}

/** The portable ones among the nodes of a lowered step, by what they compute, the most expensive first. */
export function fallbacksIn(nodes: readonly NodeReport[]): readonly Fallback[] {
  const found = new Map<string, { layers: Set<string>; multiplyAdds: number; moved: number }>();
  for (const { what, layer, node, form, cost } of nodes) {
    if (form !== 'portable') continue;
    const known = found.get(what) ?? { layers: new Set(), multiplyAdds: 0, moved: 0 };
    known.layers.add(layer === '' ? node : layer);
    known.multiplyAdds += cost.multiplyAdds;
    known.moved += cost.moved;
    found.set(what, known);
  }
  const fallbacks = [...found].map(([what, { layers, multiplyAdds, moved }]): Fallback => {
    const cost =
      multiplyAdds > 0
        ? ({ share: multiplyAdds, of: 'multiply-adds' } as const)
        : ({ share: moved, of: 'numbers read and written' } as const);
    return { what, layers: [...layers], ...cost };
  });
  const isCounted = ({ of }: Fallback): number => (of === 'multiply-adds' ? 1 : 0);
  return fallbacks.sort((a, b) => isCounted(b) - isCounted(a) || b.share - a.share);
}

/** A network whose lowered form is not used at all. */
export const wholeNetwork: Fallback = { what: 'all operators', layers: [], share: 1, of: 'multiply-adds' };

/**
 * A fallback as one line.
 *
 * @example
 * fallbackLine(trainer.lowering.fallbacks[0]);
 * // layer2.conv1: grouped convolution in its portable form, about 34 % of the step's multiply-adds
 */
export function fallbackLine({ what, layers, share, of }: Fallback): string {
  if (layers.length === 0)
    return `the whole network: ${what} in their portable form, all of the step's ${of}`;
  const percent = Math.round(100 * share);
  const cost = percent < 1 ? 'under 1 %' : `about ${percent} %`;
  const more = layers.length > 3 ? ` and ${layers.length - 2} more layers` : '';
  const named = more === '' ? layers.join(', ') : `${layers.slice(0, 2).join(', ')}${more}`;
  return `${named}: ${what} in its portable form, ${cost} of the step's ${of}`;
}
