import type { Node, Value } from '../../ir/index.js';
import { isTiling, type PoolAttrs } from '../../ops/index.js';
import type { Links } from './links.js';
import { ints, operands } from './operands.js';

/**
 * The image whose sum over batch and pixels is a bias's gradient, sum(dy) -> [C]; undefined for any other sum. What
 * max-pooling of windows side by side passes back adds up to what came to it.
 */
export function summedImage({ makers }: Pick<Links, 'makers'>, node: Node): Value | undefined {
  const [x] = operands(node, 1);
  const isOfChannels = ints(node, 'axes').join() === '0,2,3' && node.attrs['keepdims'] === 0;
  if (x.shape.length !== 4 || x.dtype !== 'float32' || !isOfChannels) return undefined;
  const maker = makers.get(x);
  const isPooled = maker?.op.name === 'MaxPoolGrad' && isTiling(maker.attrs as unknown as PoolAttrs);
  return isPooled ? operands(maker, 4)[3] : x;
}
