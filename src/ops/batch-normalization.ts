import { filled, implied, only, refuseAttr } from './attributes.js';
import { defineOp } from './define.js';
import { alongChannels, channelsOf, statisticsAxes } from './norm-shape.js';

/**
 * Batch normalisation with given statistics, as in evaluation and in frozen stages: (x [N,C,...], scale, bias, mean,
 * variance, each [C]) -> y = scale (x - mean) / sqrt(variance + epsilon) + bias.
 */
export const batchNormalization = defineOp<5, { readonly epsilon: number }>({
  name: 'BatchNormalization',
  arity: 5,
  // ONNX's training mode is another operator here, BatchNormTrain; the momentum belongs to it and is only kept.
  attributes: {
    epsilon: filled(1e-5, { float: true }),
    momentum: implied(0.9, { float: true }),
    training_mode: only(0),
    spatial: only(1),
    is_test: only(1),
  },
  settle(attrs, _, opset) {
    const isOld = opset !== undefined && opset < 7;
    if (isOld && attrs['is_test'] !== 1) {
      refuseAttr('BatchNormalization', 'is_test', '1: training is not honoured', attrs['is_test'] ?? 0);
    }
    return attrs;
  },
  infer([x, ...perChannel]) {
    channelsOf('BatchNormalization', x, ...perChannel);
    return x.shape;
  },
  // The statistics are constants here, so it is an affine map of x; they themselves are never trained.
  gradient({ b, x: [x, scale, , mean, variance], dy, attrs: { epsilon } }) {
    const axes = statisticsAxes(x);
    const invStd = b.reciprocal(b.sqrt(b.add(variance, epsilon)), 'inv_std');
    const centred = b.sub(x, alongChannels(b, mean, x), 'centred');
    return [
      b.mul(dy, alongChannels(b, b.mul(scale, invStd), x)),
      b.mul(b.reduceSum(b.mul(dy, centred), axes), invStd),
      b.reduceSum(dy, axes),
    ];
  },
});
