/** The least multiple of `unit` that is not below `size`. */
export function roundUp(size: number, unit: number): number {
  return Math.ceil(size / unit) * unit;
}

/**
 * How the weight of a blocked convolution lies. [K,C,kh,kw] lies in memory as [K/b, C/b, kh, kw, b of C, b of K], K and C
 * filled up with zeros to whole blocks; `direct`, of a convolution that reads plain images or that is depthwise, as
 * [K/b, C, kh, kw, b of K].
 *
 * The weight [K,C/group,kh,kw] of a convolution in `group` groups whose channels fill no blocks is that of fewer, larger
 * groups: `groupsTogether` of them side by side, with zeros where a filter does not see a channel. 32 groups of 4 channels
 * are 8 dense ones of 16, four times the multiplications in vectors that are full.
 */
export interface WeightLayout {
  readonly direct: boolean;
  readonly group: number;
}

/** Of an ordinary convolution. */
export const denseLayout: WeightLayout = { direct: false, group: 1 };

/** Of one that reads plain images, or of a depthwise one. */
export const directLayout: WeightLayout = { direct: true, group: 1 };

/** Whether two layouts are one. */
export function sameLayout(one: WeightLayout, other: WeightLayout): boolean {
  return one.direct === other.direct && one.group === other.group;
}

/**
 * How many groups of a weight [K,C/group,...] lie together: as few as fill whole blocks, on condition that all of them come
 * to as many blocks as K and C have; else all of them.
 */
export function groupsTogether(
  [k = 1, c = 1]: readonly number[],
  block: number,
  { direct, group }: WeightLayout,
): number {
  if (direct || group === 1) return 1;
  const filters = k / group;
  for (let count = 1; count < group; count++) {
    const isWhole = (count * c) % block === 0 && (count * filters) % block === 0;
    const groups = Math.ceil(group / count);
    const fits =
      groups * count * c === roundUp(group * c, block) && groups * count * filters === roundUp(k, block);
    if (isWhole && fits) return count;
  }
  return group;
}

/** The shape of a weight in its layout. */
export function weightShape(
  [k = 1, c = 1, kh = 1, kw = 1]: readonly number[],
  block: number,
  layout: WeightLayout,
): [number, number, number, number] {
  const channels = c * groupsTogether([k, c], block, layout);
  return [roundUp(k, block), layout.direct ? c : roundUp(channels, block), kh, kw];
}

/**
 * Index of w[k,c,i,j] in the layout of that shape, c among the channels of the groups that lie together.
 */
export function weightIndex(
  [k, c, i, j]: readonly [number, number, number, number],
  [, cp, kh, kw]: readonly [number, number, number, number],
  block: number,
  { direct }: WeightLayout,
): number {
  const [kb, k1] = [Math.floor(k / block), k % block];
  if (direct) return (((kb * cp + c) * kh + i) * kw + j) * block + k1;
  const [cb, c1] = [Math.floor(c / block), c % block];
  return ((((kb * (cp / block) + cb) * kh + i) * kw + j) * block + c1) * block + k1;
}

/**
 * How a weight is converted outside of any graph: `move` is told, for each filter and channel, where its taps lie in the
 * portable tensor, one after the other, and in the layout, `step` apart.
 */
export function eachFilter(
  shape: readonly number[],
  block: number,
  layout: WeightLayout,
  move: (plain: number, blocked: number, taps: number, step: number) => void,
): void {
  const blocked = weightShape(shape, block, layout);
  const together = groupsTogether(shape, block, layout);
  const [k = 1, c = 1, kh = 1, kw = 1] = shape;
  const filters = k / layout.group;
  for (let o = 0; o < k; o++) {
    const first = (Math.floor(o / filters) % together) * c;
    for (let n = 0; n < c; n++) {
      const start = weightIndex([o, first + n, 0, 0], blocked, block, layout);
      move((o * c + n) * kh * kw, start, kh * kw, layout.direct ? block : block * block);
    }
  }
}
