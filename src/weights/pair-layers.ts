import { formatShape } from '../ir/index.js';
import type { WeightLayer, WeightRef } from './weight-layers.js';

/** Layers of two graphs that correspond. */
export interface LayerPairs {
  readonly pairs: readonly (readonly [own: WeightLayer, theirs: WeightLayer])[];
  /** Layers of the other graph that correspond to none. */
  readonly unused: readonly WeightLayer[];
}

/**
 * Pairs the layers of a network with those of a graph whose names were lost: in order, each with the first free one of
 * its kind and shapes, and among several with the one that the corresponding layers feed, so that it does not matter
 * which branch of a block a file lists first. What is left is paired by kind alone, to say how it differs.
 */
export function pairLayers(own: readonly WeightLayer[], theirs: readonly WeightLayer[]): LayerPairs {
  /** For each of our layers, the index of theirs. */
  const partners = new Map<number, number>();
  const free = new Set(theirs.keys());
  const choose = (i: number, fits: (candidate: WeightLayer) => boolean): void => {
    if (partners.has(i)) return;
    for (const j of free) {
      const candidate = theirs[j];
      if (candidate === undefined || !fits(candidate)) continue;
      partners.set(i, j);
      free.delete(j);
      return;
    }
  };
  own.forEach((layer, i) => {
    const fed = layer.sources.map((source) => partners.get(source) ?? NaN).sort((a, b) => a - b);
    const isFedAlike = ({ sources }: WeightLayer): boolean => sources.join() === fed.join();
    choose(i, (other) => signature(other) === signature(layer) && isFedAlike(other));
    choose(i, (other) => signature(other) === signature(layer));
    choose(i, (other) => other.kind === layer.kind && isFedAlike(other));
  });
  own.forEach((layer, i) => {
    choose(i, (other) => other.kind === layer.kind);
  });
  const pairs = own.flatMap((layer, i): [WeightLayer, WeightLayer][] => {
    const partner = theirs[partners.get(i) ?? NaN];
    return partner === undefined ? [] : [[layer, partner]];
  });
  return { pairs, unused: theirs.filter((_, j) => free.has(j)) };
}

/** The weight of the other graph for each of the network's, by our names, and the weights that nothing takes. */
export function pairWeights({ pairs, unused }: LayerPairs): {
  readonly taken: ReadonlyMap<string, WeightRef>;
  readonly left: readonly WeightRef[];
} {
  const taken = new Map<string, WeightRef>();
  const left = unused.flatMap(({ parts }) => [...parts.values()]);
  for (const [own, theirs] of pairs) {
    for (const [role, ref] of theirs.parts) {
      const name = own.parts.get(role)?.name;
      if (name === undefined) left.push(ref);
      else taken.set(name, ref);
    }
  }
  return { taken, left };
}

/** Kind, roles and shapes of a layer's weights: `conv weight[64,3,7,7] norm.weight[64] ...`. */
function signature({ kind, parts }: WeightLayer): string {
  const roles = [...parts].map(([role, { shape }]) => role + formatShape(shape));
  return [kind, ...roles.sort()].join(' ');
}
