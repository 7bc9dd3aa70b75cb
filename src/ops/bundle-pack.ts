import { ShapeError } from '../errors.js';
import { staticSize } from '../ir/index.js';
import { required } from './attributes.js';
import { defineOp } from './define.js';
import { sameDType } from './expect.js';

interface BundlePackAttrs {
  /** Name of the bundle. */
  readonly bundle: string;
}

/** All tensors of a bundle, in its order -> the flat vector [P]. */
export const bundlePack = defineOp<'n', BundlePackAttrs>({
  name: 'BundlePack',
  source: 'src/ir/bundle.ts',
  arity: 'n',
  attributes: { bundle: required() },
  infer(tensors) {
    sameDType('BundlePack', ...tensors);
    if (tensors.length === 0) throw new ShapeError('BundlePack: expected tensors, got none');
    return [tensors.reduce((size, { shape }) => size + staticSize(shape), 0)];
  },
  // Each tensor has its part of dy.
  gradient({ b, x, dy }) {
    let end = 0;
    return x.map(({ shape }) => {
      const starts = [end];
      end += staticSize(shape);
      return b.reshape(b.slice(dy, { axes: [0], starts, ends: [end] }), shape);
    });
  },
  expand: ({ b, x, name }) => {
    const parts = x.map((tensor) => b.reshape(tensor, [staticSize(tensor.shape)]));
    return [b.concat(parts, 0, name)];
  },
});
