import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** The density of the standard normal distribution, up to its factor. */
const density = (x: number): number => Math.exp(-0.5 * x * x);

// 128 layers of one area each, stacked, cover the density; the lowest also holds the tail beyond TAIL.
const LAYERS = 128;
const TAIL = 3.442619855899;
const AREA = 9.91256303526217e-3;

// Layer and position use different bits. The lowest bit, the weakest of xoroshiro128+, is left out.
const layerOf = (word: number): number => word >>> 25;
const positionOf = (word: number): number => ((word << 7) >> 8) + 0.5;

/** Half the width of each layer, decreasing, and 0 above the last. */
const widths = layerWidths();
const heights = widths.map(density);
/** The size of a step of 1 / 2^23 in each layer, and up to which step a layer lies wholly under the density. */
const units = widths.map((width) => width / 2 ** 23);
const inner = widths.map((width, i) => (2 ** 23 * (widths[i + 1] ?? 0)) / width);

function layerWidths(): Float64Array {
  const all = new Float64Array(LAYERS + 1);
  all[0] = AREA / density(TAIL);
  let width = TAIL;
  for (let i = 1; i < LAYERS; i++) {
    all[i] = width;
    width = Math.sqrt(-2 * Math.log(AREA / width + density(width)));
  }
  return all;
}

/**
 * Fills an array with normal numbers of mean 0, by the ziggurat method: 99 of 100 take one random word, a comparison and
 * a product, because a ResNet-152 draws 60 million.
 * Sources: Marsaglia and Tsang, https://doi.org/10.18637/jss.v005.i08; Doornik, "An improved ziggurat method to generate
 * normal random samples", 2005.
 */
export function fillNormal(data: Float32Array, std: number, random: RandomGenerator): void {
  for (let i = 0; i < data.length; i++) {
    const word = random.next();
    const layer = layerOf(word);
    const position = positionOf(word);
    const isInner = Math.abs(position) < (inner[layer] ?? 0);
    data[i] = std * (isInner ? position * (units[layer] ?? 0) : atEdge(layer, position, random));
  }
}

/** A number whose first draw fell where its layer leaves the density: in the wedge beside it or in the tail. */
function atEdge(layer: number, position: number, random: RandomGenerator): number {
  for (;;) {
    if (layer === 0) return Math.sign(position) * tail(random);
    const x = position * (units[layer] ?? 0);
    const below = heights[layer] ?? 0;
    const above = heights[layer + 1] ?? 0;
    if (below + uniform(random) * (above - below) < density(x)) return x;
    const word = random.next();
    layer = layerOf(word);
    position = positionOf(word);
    if (Math.abs(position) < (inner[layer] ?? 0)) return position * (units[layer] ?? 0);
  }
}

/** A number beyond TAIL. Source: Marsaglia, https://doi.org/10.1080/00401706.1964.10490150 */
function tail(random: RandomGenerator): number {
  for (;;) {
    const x = -Math.log(uniform(random)) / TAIL;
    if (-2 * Math.log(uniform(random)) > x * x) return TAIL + x;
  }
}

/** Uniform in (0, 1): never 0, which has no logarithm. */
function uniform(random: RandomGenerator): number {
  return ((random.next() >>> 0) + 0.5) / 2 ** 32;
}
