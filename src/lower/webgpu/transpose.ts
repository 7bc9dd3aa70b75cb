import type { Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';

/**
 * A transposition, axes that stay together taken as one.
 *
 * ONNX Runtime moves transpositions of images to where it believes them cheaper, and with them transposes what they pass,
 * conditions too, which WebGPU cannot: the reshapes around them keep them in their place.
 *
 * One that only swaps two axes ONNX Runtime does through memory that a work group shares, which on a software adapter takes
 * 50 times as long as any other: so the first of the two is split.
 */
export function moved(b: Builder, x: Value, perm: readonly number[], name: string): Value {
  const shape = x.shape.map(Number);
  const result = perm.map((axis) => shape[axis] ?? 1);
  const runs = runsOf(
    perm.filter((axis) => shape[axis] !== 1),
    shape,
  );
  if (runs.length <= 1) return b.reshape(x, result);
  const order = runs.toSorted(([one = 0], [other = 0]) => one - other);
  const sizes = order.map((axes) => axes.reduce((size, axis) => size * (shape[axis] ?? 1), 1));
  const [outer = 1, inner = 1] = sizes;
  const part = [2, 3, 5, 7].find((factor) => outer % factor === 0 && outer > factor);
  const made =
    runs.length === 2 && part !== undefined
      ? b.transpose(b.reshape(x, [outer / part, part, inner]), [2, 0, 1], name)
      : b.transpose(
          b.reshape(x, sizes),
          runs.map((run) => order.indexOf(run)),
          name,
        );
  return b.reshape(made, result);
}

/** Axes in the order of the result, those together that lie together in x too. */
function runsOf(axes: readonly number[], shape: readonly number[]): readonly (readonly number[])[] {
  const runs: number[][] = [];
  for (const axis of axes) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const isNext =
      last !== undefined && axis > last && shape.slice(last + 1, axis).every((size) => size === 1);
    if (isNext) run?.push(axis);
    else runs.push([axis]);
  }
  return runs;
}
