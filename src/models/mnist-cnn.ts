import { OptionError } from '../errors.js';
import {
  add,
  batchNorm,
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
import type { Norm } from './blocks.js';
import { imageSides, type ImageSize } from './image-size.js';

/** Options of `mnistCnn`. */
export interface MnistCnnOptions {
  /** Channels of the three stages; default 32, 64 and 128. */
  readonly widths?: readonly [number, number, number];
  readonly classes?: number;
  readonly channels?: number;
  /** Default 28; at least 24. */
  readonly imageSize?: ImageSize;
  /** `identity` (default): residual blocks; `none`: the same layers one after the other, the plain network. */
  readonly shortcut?: 'identity' | 'none';
  /** `none` (default): as in the tutorial; `batch`: batch norm after each convolution. */
  readonly norm?: Norm;
  /** Default `mnist-cnn`, `mnist-cnn-plain`, with batch norm `mnist-cnn-norm`, `mnist-cnn-plain-norm`. */
  readonly name?: string;
}

/**
 * The tutorial's residual network, for 28x28 digits: three times convolution, max-pool, ReLU and a residual block, then
 * a linear layer. 323,268 parameters with the default widths. Throws OptionError for an image that is too small, and for
 * a shortcut or norm that it does not have.
 *
 * @example
 * const network = mnistCnn(); // or mnistCnn({ widths: [20, 30, 50] }), the smaller first variant
 * const plain = mnistCnn({ shortcut: 'none', norm: 'batch' }); // for comparison
 */
export function mnistCnn(options: MnistCnnOptions = {}): Network {
  const { widths: [a, b, c] = [32, 64, 128], classes = 10, channels = 1, imageSize = 28 } = options;
  const { shortcut = 'identity', norm = 'none' } = options;
  const suffix = `${shortcut === 'none' ? '-plain' : ''}${norm === 'batch' ? '-norm' : ''}`;
  const { name = `mnist-cnn${suffix}` } = options;
  checkOneOf(name, 'shortcut', ['identity', 'none'], shortcut);
  checkOneOf(name, 'norm', ['batch', 'none'], norm);
  const normed = (...layer: Parameters<typeof conv>): Net[] => [
    conv(...layer),
    ...(norm === 'batch' ? [batchNorm()] : []),
  ];
  // relu(conv2(conv1(x)) + x): [N,C,H,W] -> [N,C,H,W].
  const block = (width: number): Net => {
    const main = chain(...normed(30, 5, { padding: 2 }), ...normed(width, 3, { padding: 1 }));
    return chain(shortcut === 'none' ? main : add(main, identity()), relu());
  };
  return defineNetwork({
    name,
    input: [channels, ...imageSides(name, imageSize, 24, 'convolutions and pooling leave one pixel')],
    classes,
    net: chain(
      ...[...normed(a, 5), maxPool(2), relu(), named('resblock1', block(a))],
      ...[...normed(b, 3), maxPool(2), relu(), named('resblock2', block(b))],
      ...[...normed(c, 3), maxPool(2), relu(), named('resblock3', block(c))],
      flatten(),
      linear(classes, { name: 'full_c' }),
    ),
  });
}

/** Throws OptionError for an unknown choice; for callers without TypeScript. */
function checkOneOf(network: string, option: string, choices: readonly string[], value: string): void {
  if (choices.includes(value)) return;
  throw new OptionError(
    `${network}: ${option}: expected ${choices.join(' or ')}, got ${JSON.stringify(value)}`,
  );
}
