import { ShapeError } from '../errors.js';
import { formatType, sameShape, type Value } from '../ir/index.js';
import { defineOp } from './define.js';
import { alongChannels, channelsOf, statisticsAxes } from './norm-shape.js';

/**
 * Gradients of batch normalisation in training mode: (x [N,C,...], mean, 1 / std, scale, each [C], dy like x) -> dx,
 * dscale [C], dbias [C]. With n values a channel and xh = (x - mean) / std:
 *
 *     dbias = sum dy,  dscale = sum dy xh,  dx = scale / std (dy - dbias / n - xh dscale / n)
 */
export const batchNormGrad = defineOp<5>({
  name: 'BatchNormGrad',
  source: 'https://arxiv.org/abs/1502.03167',
  arity: 5,
  attributes: {},
  infer([x, mean, invStd, scale, dy]) {
    const channel = { dtype: x.dtype, shape: [channelsOf('BatchNormGrad', x, mean, invStd, scale)] };
    if (!sameShape(x.shape, dy.shape)) {
      throw new ShapeError(
        `BatchNormGrad: expected two of one shape, got ${formatType(x)} and ${formatType(dy)}`,
      );
    }
    return [{ dtype: x.dtype, shape: x.shape }, channel, channel];
  },
  gradient: { refuse: 'second derivatives through batch normalisation are not implemented' },
  // Per channel first, per pixel last: four elementwise passes and two reductions over the image.
  expand({ b, x: [x, mean, invStd, scale, dy] }) {
    const axes = statisticsAxes(x);
    const along = (vector: Value): Value => alongChannels(b, vector, x);
    const n = b.count(x, axes);
    const inv = along(invStd);
    const centred = b.sub(x, along(mean), 'centred');
    const dbias = b.reduceSum(dy, axes, true, 'dbias');
    const dscale = b.mul(b.reduceSum(b.mul(dy, centred), axes, true), inv, 'dscale');
    const slope = b.div(b.mul(dscale, inv), n);
    const residue = b.sub(b.sub(dy, b.div(dbias, n)), b.mul(centred, slope));
    const dx = b.mul(residue, b.mul(inv, along(scale)), 'dx');
    return [dx, b.reshape(dscale, scale.shape), b.reshape(dbias, scale.shape)];
  },
});
