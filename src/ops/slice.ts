import { ShapeError } from '../errors.js';
import { formatType, normaliseAxis, type Dim, type Shape, type TensorType } from '../ir/index.js';
import { required } from './attributes.js';
import { defineOp } from './define.js';

/** Ranges along some axes, as in numpy; steps are positive or, to reverse, negative. */
export interface SliceAttrs {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}

/** x[starts:ends:steps] along `axes`. */
export const slice = defineOp<1, SliceAttrs>({
  name: 'Slice',
  arity: 1,
  attributes: {
    starts: required(),
    ends: required(),
    axes: required(),
    steps: required(),
  },
  // Without axes ONNX means the first ones, without steps 1. Beyond any size all numbers mean the same.
  settle(attrs) {
    const { starts, ends, axes, steps } = attrs;
    if (!Array.isArray(starts) || !Array.isArray(ends)) return attrs;
    const limit = (ints: readonly unknown[]): number[] => ints.map((i) => clampSafe(Number(i)));
    return {
      ...attrs,
      starts: limit(starts),
      ends: limit(ends),
      axes: axes ?? starts.map((_, axis) => axis),
      steps: Array.isArray(steps) ? limit(steps) : (steps ?? starts.map(() => 1)),
    };
  },
  infer: ([x], attrs) => slicedShape(x, attrs),
  // dx is dy with zeros around it, and between its entries where the step is not 1.
  gradient({ b, x: [x], dy, attrs: { starts, axes, steps } }) {
    let grad = dy;
    for (const [i, at] of axes.entries()) {
      const axis = normaliseAxis(at, x.shape.length, 'Slice');
      const [size, step, count] = [Number(x.shape[axis]), steps[i] ?? 1, Number(dy.shape[axis])];
      const start = clampIndex(starts[i] ?? 0, size, step);
      if (step < 0) grad = b.slice(grad, { axes: [axis], starts: [-1], ends: [-size - 1], steps: [-1] });
      const stride = Math.abs(step);
      const first = step > 0 ? start : start + (count - 1) * step;
      if (stride > 1) grad = spread(grad, axis, stride);
      grad = padAxis(grad, axis, first, size - first - Number(grad.shape[axis]));
    }
    return [grad];

    function padAxis(g: typeof dy, axis: number, before: number, after: number): typeof dy {
      if (before === 0 && after === 0) return g;
      const rank = g.shape.length;
      return b.pad(
        g,
        Array.from({ length: 2 * rank }, (_, k) => (k === axis ? before : k === axis + rank ? after : 0)),
      );
    }

    // [.., n, ..] -> [.., n, 1, ..] -> zeros after each entry -> [.., (n - 1) stride + 1, ..]
    function spread(g: typeof dy, axis: number, stride: number): typeof dy {
      const n = Number(g.shape[axis]);
      const [head, tail] = [g.shape.slice(0, axis), g.shape.slice(axis + 1)];
      const padded = padAxis(b.reshape(g, [...head, n, 1, ...tail]), axis + 1, 0, stride - 1);
      const flat = b.reshape(padded, [...head, n * stride, ...tail]);
      return b.slice(flat, { axes: [axis], starts: [0], ends: [(n - 1) * stride + 1] });
    }
  },
  tensorAttrs: { starts: 1, ends: 2, axes: 3, steps: 4 },
});

/** INT64_MAX, by which exporters mean `to the end`, is no exact number in JavaScript. */
function clampSafe(index: number): number {
  return Math.min(Math.max(index, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function slicedShape(x: TensorType, { starts, ends, axes, steps }: SliceAttrs): Shape {
  const out: Dim[] = [...x.shape];
  axes.forEach((at, i) => {
    const axis = normaliseAxis(at, x.shape.length, 'Slice');
    const size = x.shape[axis];
    const [start, end, step] = [starts[i], ends[i], steps[i]];
    if (
      typeof size !== 'number' ||
      start === undefined ||
      end === undefined ||
      step === undefined ||
      step === 0
    ) {
      throw new ShapeError(
        `Slice: axis ${axis} of ${formatType(x)} needs a known size, start, end and a step that is not 0`,
      );
    }
    const count = Math.ceil((clampIndex(end, size, step) - clampIndex(start, size, step)) / step);
    if (count <= 0) {
      throw new ShapeError(`Slice: ${start}:${end}:${step} along axis ${axis} of ${formatType(x)} is empty`);
    }
    out[axis] = count;
  });
  return out;
}

/** ONNX counts negative indices from the end and clamps: to [0, size] forwards, to [-1, size - 1] backwards. */
function clampIndex(index: number, size: number, step: number): number {
  const positive = index < 0 ? index + size : index;
  return step > 0 ? Math.min(Math.max(positive, 0), size) : Math.min(Math.max(positive, -1), size - 1);
}
