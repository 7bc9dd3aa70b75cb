import { ShapeError } from '../errors.js';
import { formatType, sameShape, type Dim, type Shape, type TensorType } from '../ir/index.js';
import { filled, refuseAttr, required } from './attributes.js';
import { defineOp } from './define.js';
import { expectDType, nchw } from './expect.js';

/** Attributes of MaxUnpool, from which the size of the result follows. */
export interface MaxUnpoolAttrs {
  readonly kernel_shape: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}

/**
 * Writes x [N,C,OH,OW] at the flat indices into zeros [N,C,H,W], H = (OH - 1) stride + kernel - pads. Where a third input
 * asks for a larger result, ONNX's definition counts the indices in the smaller one and ONNX Runtime in the larger one, so
 * a third input is refused.
 */
export const maxUnpool = defineOp<2, MaxUnpoolAttrs>({
  name: 'MaxUnpool',
  arity: 2,
  attributes: { kernel_shape: required(), strides: filled([1, 1]), pads: filled([0, 0, 0, 0]) },
  settle({ output_shape: wanted, ...attrs }, [x]) {
    if (!Array.isArray(wanted) || x === undefined || attrs['kernel_shape'] === undefined) return attrs;
    const window = { strides: [1, 1], pads: [0, 0, 0, 0], ...attrs } as unknown as MaxUnpoolAttrs;
    const inferred = unpooledShape(x, window);
    if (!sameShape(wanted as readonly Dim[], inferred)) {
      refuseAttr('MaxUnpool', 'output_shape', `[${inferred.join(',')}] as the other attributes say`, wanted);
    }
    return attrs;
  },
  infer([x, indices], attrs) {
    expectDType('MaxUnpool', indices, 'int64');
    if (!sameShape(x.shape, indices.shape)) {
      throw new ShapeError(`MaxUnpool: ${formatType(x)} and ${formatType(indices)} do not fit`);
    }
    return unpooledShape(x, attrs);
  },
  gradient: { refuse: 'it appears only in backward passes' },
  tensorAttrs: { output_shape: 2 } as object,
});

function unpooledShape(x: TensorType, { kernel_shape: k, strides: s, pads: p }: MaxUnpoolAttrs): Shape {
  const [n, c, oh, ow] = nchw('MaxUnpool', x);
  const length = (count: number, axis: 0 | 1): number =>
    (count - 1) * s[axis] + k[axis] - p[axis] - p[axis === 0 ? 2 : 3];
  const [h, w] = [length(oh, 0), length(ow, 1)];
  if (h < 1 || w < 1) throw new ShapeError(`MaxUnpool: nothing is left of ${formatType(x)}: ${h}x${w}`);
  return [n, c, h, w];
}
