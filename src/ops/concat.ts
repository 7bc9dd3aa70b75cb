import { ShapeError } from '../errors.js';
import { formatType, normaliseAxis, type Dim } from '../ir/index.js';
import { required } from './attributes.js';
import { defineOp } from './define.js';
import { sameDType } from './expect.js';

/** Joins tensors along `axis`; all other dimensions agree. */
export const concat = defineOp<'n', { readonly axis: number }>({
  name: 'Concat',
  arity: 'n',
  attributes: { axis: required() },
  infer(xs, { axis }) {
    const [first] = xs;
    if (first === undefined) throw new ShapeError('Concat: expected at least one input, got none');
    sameDType('Concat', ...xs);
    const at = normaliseAxis(axis, first.shape.length, 'Concat');
    let total = 0;
    for (const x of xs) {
      const length = x.shape[at];
      const fits =
        x.shape.length === first.shape.length &&
        x.shape.every((dim, i) => i === at || dim === first.shape[i]);
      if (!fits || typeof length !== 'number') {
        throw new ShapeError(`Concat along axis ${at}: ${formatType(first)} and ${formatType(x)} do not fit`);
      }
      total += length;
    }
    return first.shape.map((dim, i): Dim => (i === at ? total : dim));
  },
  // Each input receives its part of dy.
  gradient({ b, x: xs, dy, attrs: { axis } }) {
    let start = 0;
    return xs.map((x) => {
      const at = normaliseAxis(axis, x.shape.length, 'Concat');
      const end = start + Number(x.shape[at]);
      const part = b.slice(dy, { axes: [at], starts: [start], ends: [end] });
      start = end;
      return part;
    });
  },
});
