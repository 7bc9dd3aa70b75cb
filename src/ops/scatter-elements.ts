import { ShapeError } from '../errors.js';
import { formatType, sameShape } from '../ir/index.js';
import { defineOp, expectDType, sameDType } from './define.js';

/** data with updates added at indices along `axis`. */
export const scatterElements = defineOp<3, { readonly axis: number; readonly reduction: 'add' }>({
  name: 'ScatterElements',
  source: 'https://onnx.ai/onnx/operators/onnx__ScatterElements.html',
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
