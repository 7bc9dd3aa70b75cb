import { ShapeError } from '../errors.js';
import { formatType, sameShape } from '../ir/index.js';
import { defineOp } from './define.js';
import { expectDType, sameDType } from './expect.js';
import { implied } from './attributes.js';
import { isDisjoint, poolRules, pooledShape, type PoolAttrs } from './pool-shape.js';

/**
 * Gradient of max-pooling: (x [N,C,H,W], y, indices, dy [N,C,OH,OW]) -> dx [N,C,H,W]. A lowering may find the maxima
 * from x and y, or from the indices as the standard form does.
 */
export const maxPoolGrad = defineOp<4, PoolAttrs>({
  name: 'MaxPoolGrad',
  source: 'https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html',
  arity: 4,
  attributes: { ...poolRules, dilations: implied([1, 1]) },
  infer([x, y, indices, dy], attrs) {
    expectDType('MaxPoolGrad', indices, 'int64');
    sameDType('MaxPoolGrad', x, y, dy);
    if (
      !sameShape(y.shape, dy.shape) ||
      !sameShape(indices.shape, dy.shape) ||
      !sameShape(dy.shape, pooledShape('MaxPoolGrad', x, attrs))
    ) {
      throw new ShapeError(
        `MaxPoolGrad: ${formatType(x)}, ${formatType(y)} and ${formatType(dy)} do not fit`,
      );
    }
    return x.shape;
  },
  gradient: { refuse: 'second derivatives through max-pooling are not implemented' },
  // Windows that share no pixel need no addition, and so MaxUnpool is enough.
  expand({ b, x: [x, , indices, dy], attrs }) {
    return [isDisjoint(attrs) ? b.maxUnpool(dy, indices, x) : b.scatterAdd(x, indices, dy)];
  },
});
