import { ShapeError } from '../errors.js';
import { broadcastShapes, formatShape, formatType, sameShape, type Shape } from '../ir/index.js';
import { required } from './attributes.js';
import { defineOp } from './define.js';

/**
 * Broadcasts x to `shape`. Where the shape has a symbol that x lacks, the second input carries it at run time. The
 * gradient is dy itself: the driver sums over broadcast axes.
 */
export const expand = defineOp<'1..2', { readonly shape: Shape }>({
  name: 'Expand',
  arity: '1..2',
  attributes: { shape: required() },
  infer([x], { shape }) {
    if (!sameShape(broadcastShapes(x.shape, shape, 'Expand'), shape)) {
      throw new ShapeError(`Expand: ${formatType(x)} does not broadcast to ${formatShape(shape)}`);
    }
    return [{ dtype: x.dtype, shape }];
  },
  gradient: ({ dy }) => [dy],
  tensorAttrs: { shape: 1 },
});
