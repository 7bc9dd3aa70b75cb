import { ShapeError } from '../errors.js';
import { formatType, sameShape } from '../ir/index.js';
import { filled } from './attributes.js';
import { defineOp } from './define.js';
import { expectDType, sameDType } from './expect.js';

/** data with updates added, or written in its place, at indices along `axis`. */
export const scatterElements = defineOp<3, { readonly axis: number; readonly reduction: 'none' | 'add' }>({
  name: 'ScatterElements',
  arity: 3,
  attributes: { axis: filled(0), reduction: filled('none', { among: ['none', 'add'] }) },
  infer([data, indices, updates]) {
    expectDType('ScatterElements', indices, 'int64', 'int32');
    sameDType('ScatterElements', data, updates);
    if (!sameShape(indices.shape, updates.shape)) {
      throw new ShapeError(`ScatterElements: ${formatType(indices)} and ${formatType(updates)} do not fit`);
    }
    return data.shape;
  },
  gradient: { refuse: 'it appears only in backward passes' },
});
