import { ShapeError } from '../errors.js';
import { formatType, type Dim } from '../ir/index.js';
import { defineOp } from './define.js';

/** Zeros around x; `pads` are all begins, then all ends. */
export const pad = defineOp<1, { readonly pads: readonly number[] }>({
  name: 'Pad',
  source: 'https://onnx.ai/onnx/operators/onnx__Pad.html',
  infer([x], { pads }) {
    const rank = x.shape.length;
    if (pads.length !== 2 * rank || pads.some((p) => p < 0)) {
      throw new ShapeError(
        `Pad: expected ${2 * rank} pads of at least 0 for ${formatType(x)}, got [${pads.join(',')}]`,
      );
    }
    return x.shape.map((dim, i): Dim => {
      const extra = (pads[i] ?? 0) + (pads[i + rank] ?? 0);
      if (extra > 0 && typeof dim !== 'number')
        throw new ShapeError(`Pad: axis ${i} of ${formatType(x)} has no known size`);
      return extra > 0 ? Number(dim) + extra : dim;
    });
  },
  gradient({ b, x: [x], dy, attrs: { pads } }) {
    const axes = x.shape.flatMap((_, i) => ((pads[i] ?? 0) + (pads[i + x.shape.length] ?? 0) > 0 ? [i] : []));
    if (axes.length === 0) return [dy];
    const starts = axes.map((axis) => pads[axis] ?? 0);
    const ends = axes.map((axis, i) => (starts[i] ?? 0) + Number(x.shape[axis]));
    return [b.slice(dy, { axes, starts, ends })];
  },
  tensorAttrs: { pads: 1 },
});
