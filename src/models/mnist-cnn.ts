import {
  add,
  chain,
  conv,
  defineNetwork,
  flatten,
  identity,
  linear,
  maxPool,
  named,
  relu,
  type Net,
  type Network,
} from '../net/index.js';
import { imageSides, type ImageSize } from './image-size.js';

/** relu(conv2(conv1(x)) + x): the tutorial's residual block, without batch norm. [N,C,H,W] -> [N,C,H,W]. */
function residualBlock(channels: number): Net {
  return chain(
    add(chain(conv(30, 5, { padding: 2 }), conv(channels, 3, { padding: 1 })), identity()),
    relu(),
  );
}

/**
 * The tutorial's residual network, for 28x28 digits: three times convolution, max-pool, ReLU and a residual block, then
 * a linear layer. 323,268 parameters with the default widths 32, 64 and 128.
 *
 * @example
 * const network = mnistCnn(); // or mnistCnn({ widths: [20, 30, 50] }), the smaller first variant
 */
export function mnistCnn(
  options: {
    readonly widths?: readonly [number, number, number];
    readonly classes?: number;
    readonly channels?: number;
    /** Default 28; at least 24. */
    readonly imageSize?: ImageSize;
    readonly name?: string;
  } = {},
): Network {
  const { widths: [a, b, c] = [32, 64, 128], classes = 10, channels = 1, imageSize = 28 } = options;
  const { name = 'mnist-cnn' } = options;
  return defineNetwork({
    name,
    input: [channels, ...imageSides(name, imageSize, 24, 'convolutions and pooling leave one pixel')],
    classes,
    net: chain(
      ...[conv(a, 5), maxPool(2), relu(), named('resblock1', residualBlock(a))],
      ...[conv(b, 3), maxPool(2), relu(), named('resblock2', residualBlock(b))],
      ...[conv(c, 3), maxPool(2), relu(), named('resblock3', residualBlock(c))],
      flatten(),
      linear(classes, { name: 'full_c' }),
    ),
  });
}
