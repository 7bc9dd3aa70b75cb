import { normaliseAxis, type Attrs, type TensorType } from '../ir/index.js';
import { refuseAttr } from './attributes.js';

/**
 * The axis as operator set 13 means it. Before, a softmax ran over all axes from `axis` (default 1) on; where one of them
 * alone is longer than 1, that is the same.
 */
export function settleSoftmax(
  op: string,
  attrs: Attrs,
  x: TensorType | undefined,
  opset: number | undefined,
): Attrs {
  if (opset === undefined || opset >= 13 || x === undefined) return attrs;
  const axis = Number(attrs['axis'] ?? 1);
  const at = normaliseAxis(axis, x.shape.length, op);
  const long = x.shape.flatMap((dim, i) => (i >= at && dim !== 1 ? [i] : []));
  if (long.length > 1) {
    refuseAttr(op, 'axis', `the last axis, as operator set ${opset} would run over all from it on`, axis);
  }
  return { ...attrs, axis: long[0] ?? at };
}
