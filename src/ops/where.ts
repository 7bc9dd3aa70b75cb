import { broadcastShapes } from '../ir/index.js';
import { defineOp } from './define.js';
import { expectDType, sameDType } from './expect.js';

/** y = condition ? a : b, elementwise. */
export const where = defineOp<3>({
  name: 'Where',
  arity: 3,
  attributes: {},
  infer([condition, a, b]) {
    expectDType('Where', condition, 'bool');
    sameDType('Where', a, b);
    const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape, 'Where'), 'Where');
    return [{ dtype: a.dtype, shape }];
  },
  gradient: ({ b, x: [condition], dy }) => [undefined, b.where(condition, dy, 0), b.where(condition, 0, dy)],
});
