import { ShapeError } from '../errors.js';
import { formatType, staticSize } from '../ir/index.js';
import { required } from './attributes.js';
import { defineOp } from './define.js';

interface BundleGetAttrs {
  readonly slot: string;
  readonly offset: number;
  readonly shape: readonly number[];
}

/** One tensor of a bundle: flat [P] -> a tensor of `shape`, whose elements begin at `offset`. */
export const bundleGet = defineOp<1, BundleGetAttrs>({
  name: 'BundleGet',
  source: 'src/ir/bundle.ts',
  arity: 1,
  attributes: { slot: required(), offset: required(), shape: required() },
  infer([flat], { slot, offset, shape }) {
    const [size, ...others] = flat.shape;
    if (typeof size !== 'number' || others.length > 0 || offset + staticSize(shape) > size) {
      throw new ShapeError(`BundleGet: ${formatType(flat)} holds no '${slot}' at ${offset}`);
    }
    return shape;
  },
  // dy where the tensor lies, zeros beside it.
  gradient({ b, x: [flat], dy, attrs: { offset, shape } }) {
    const size = staticSize(shape);
    return [b.pad(b.reshape(dy, [size]), [offset, staticSize(flat.shape) - offset - size])];
  },
  expand({ b, x: [flat], attrs: { slot, offset, shape } }) {
    const ends = [offset + staticSize(shape)];
    return [b.reshape(b.slice(flat, { axes: [0], starts: [offset], ends }, `${slot}.flat`), shape, slot)];
  },
});
