import { at, axisOf, element, generate, ndarray, offset, type NdArray } from './array.js';
import { broadcast } from './elementwise.js';
import { input, intAttr, intsAttr, shapeAttr, type Kernel } from './kernel.js';

const expand: Kernel = (context) => {
  const x = input(context, 0);
  // A second input holds the shape where it is known only at run time.
  const shape = context.inputs[1] === undefined ? shapeAttr(context) : Array.from(input(context, 1).data);
  return [
    broadcast(
      (v) => at(v, 0),
      x,
      generate(shape, () => 0),
    ),
  ];
};

const concat: Kernel = (context) => {
  const parts = context.inputs.map((_, i) => input(context, i));
  const first = input(context, 0);
  const axis = axisOf(intAttr(context, 'axis'), first.shape.length);
  const total = parts.reduce((sum, part) => sum + at(part.shape, axis), 0);
  const shape = first.shape.map((length, i) => (i === axis ? total : length));
  const read = (index: readonly number[]): number => {
    let along = at(index, axis);
    for (const part of parts) {
      const length = at(part.shape, axis);
      if (along < length)
        return element(
          part,
          index.map((i, k) => (k === axis ? along : i)),
        );
      along -= length;
    }
    throw new RangeError('reference: Concat reads behind its last part');
  };
  return [generate(shape, read)];
};

/** The indices that Python's range(size)[start:end:step] would give. */
function picked(size: number, start: number, end: number, step: number): number[] {
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const out: number[] = [];
  // Out of range on the near side means: begin at the first index inside.
  let i = step > 0 ? Math.max(from, 0) : Math.min(from, size - 1);
  for (; step > 0 ? i < Math.min(to, size) : i > Math.max(to, -1); i += step) out.push(i);
  return out;
}

const slice: Kernel = (context) => {
  const x = input(context, 0);
  const axes = intsAttr(context, 'axes').map((axis) => axisOf(axis, x.shape.length));
  const [starts, ends, steps] = ['starts', 'ends', 'steps'].map((name) => intsAttr(context, name));
  const ranges = x.shape.map((length, axis) => {
    const k = axes.indexOf(axis);
    if (k < 0) return Array.from({ length }, (_, i) => i);
    return picked(length, at(starts ?? [], k), at(ends ?? [], k), at(steps ?? [], k));
  });
  const shape = ranges.map((range) => range.length);
  const read = (index: readonly number[]): number =>
    element(
      x,
      index.map((i, axis) => at(ranges[axis] ?? [], i)),
    );
  return [generate(shape, read)];
};

const nearest = (i: number, length: number): number => (i < 0 ? 0 : i < length ? i : length - 1);

/** Steps back and forth between the ends. */
function mirrored(i: number, length: number): number {
  if (i < 0) return mirrored(-i, length);
  return i < length ? i : mirrored(2 * (length - 1) - i, length);
}

const pad: Kernel = (context) => {
  const x = input(context, 0);
  const pads = intsAttr(context, 'pads');
  const mode = context.attrs['mode'] ?? 'constant';
  const value = context.inputs[2] === undefined ? 0 : at(input(context, 2).data, 0);
  const rank = x.shape.length;
  const shape = x.shape.map((length, i) => length + at(pads, i) + at(pads, i + rank));
  const read = (index: readonly number[]): number => {
    const inner = index.map((i, axis) => i - at(pads, axis));
    const isInside = inner.every((i, axis) => i >= 0 && i < at(x.shape, axis));
    if (isInside) return element(x, inner);
    if (mode === 'constant') return value;
    return element(
      x,
      inner.map((i, axis) =>
        mode === 'edge' ? nearest(i, at(x.shape, axis)) : mirrored(i, at(x.shape, axis)),
      ),
    );
  };
  return [generate(shape, read)];
};

const gather: Kernel = (context) => {
  const [x, indices] = [input(context, 0), input(context, 1)];
  const axis = axisOf(intAttr(context, 'axis'), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const read = (index: readonly number[]): number => {
    const chosen = element(indices, index.slice(axis, axis + indices.shape.length));
    const rest = index.slice(axis + indices.shape.length);
    return element(x, [...index.slice(0, axis), axisOf(chosen, at(x.shape, axis)), ...rest]);
  };
  return [generate(shape, read)];
};

/** data with updates added, or set, where `indices` point along the axis. */
const scatterElements: Kernel = (context) => {
  const [data, indices, updates] = [input(context, 0), input(context, 1), input(context, 2)];
  const axis = axisOf(intAttr(context, 'axis'), data.shape.length);
  const out = ndarray(data.shape, data.data);
  generate(indices.shape, (index) => {
    const to = offset(
      data.shape,
      index.map((i, k) => (k === axis ? element(indices, index) : i)),
    );
    const before = context.attrs['reduction'] === 'add' ? at(out.data, to) : 0;
    out.data[to] = before + element(updates, index);
    return 0;
  });
  return [out];
};

const transpose = (x: NdArray, perm: readonly number[]): NdArray => {
  const shape = perm.map((axis) => at(x.shape, axis));
  const read = (index: readonly number[]): number => {
    const source = x.shape.map((_, axis) => at(index, perm.indexOf(axis)));
    return element(x, source);
  };
  return generate(shape, read);
};

export const layout: Readonly<Record<string, Kernel>> = {
  Reshape: (context) => [ndarray(shapeAttr(context), input(context, 0).data)],
  Transpose: (context) => [transpose(input(context, 0), intsAttr(context, 'perm'))],
  Expand: expand,
  Concat: concat,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  ScatterElements: scatterElements,
  BundleGet: (context) => {
    const shape = shapeAttr(context);
    const size = shape.reduce((product, length) => product * length, 1);
    const { data } = input(context, 0);
    return [
      ndarray(
        shape,
        Array.from({ length: size }, (_, i) => at(data, intAttr(context, 'offset') + i)),
      ),
    ];
  },
  BundlePack: (context) => {
    const flat = context.inputs.flatMap((_, i) => [...input(context, i).data]);
    return [ndarray([flat.length], flat)];
  },
  Shape: (context) => {
    const { shape } = input(context, 0);
    return [ndarray([shape.length], shape)];
  },
};
