import type { Bundle } from '../ir/index.js';
import { mix } from '../mix.js';
import { stateLayout } from '../net/index.js';
import type { NamedTensors } from './target.js';
import type { Network } from './types.js';

/**
 * Pseudo-random feeds of a training or eval model, the same each time: a comparison of two forms needs no particular numbers,
 * only many different ones.
 *
 * What batch normalisation adds is 3, so that one in 700 of the numbers that a ReLU sees is negative: enough to find a
 * mask that is not applied (3.6 % of a gradient), and so few that next to none is near zero, where two roundings choose
 * differently. With 0 those few make the gradients of a plain network of 56 layers differ by 20 %, of ResNet-50 by 3 %;
 * with 3 all networks' agree to 1e-6.
 */
export function checkFeeds(network: Network, batch: number): NamedTensors {
  const { parameters, buffers, frozen } = stateLayout(network);
  const names = new Set(network.state.map(({ name }) => name));
  const centreOf = (name: string): number => {
    const [layer, tensor] = [name.slice(0, name.lastIndexOf('.') + 1), name.slice(name.lastIndexOf('.') + 1)];
    const isNorm = names.has(`${layer}running_var`);
    return (isNorm ? { weight: 1, bias: 3, running_var: 1 }[tensor] : undefined) ?? 0;
  };
  const weights = (bundle: Bundle): NamedTensors[string] => {
    const flat = new Float32Array(bundle.size);
    for (const { name, shape, offset, size } of bundle.slots) {
      // Weights at the scale of their initialisation keep activations finite through any depth.
      const fan = shape.slice(1).reduce((product, dim) => product * dim, 1);
      const spread = shape.length > 1 ? Math.sqrt(6 / Math.max(1, fan)) : 0.1;
      fillNoise(flat.subarray(offset, offset + size), offset, centreOf(name) - spread, 2 * spread);
    }
    return tensor(flat);
  };
  const pixels = batch * network.input.reduce((product, dim) => product * dim, 1);
  const params = weights(parameters);
  return {
    params,
    // Any numbers would do.
    grad: params,
    ...(buffers.size > 0 && { buffers: weights(buffers) }),
    ...(frozen.size > 0 && { frozen: weights(frozen) }),
    input: tensor(fillNoise(new Float32Array(pixels), 0, 0, 1), [batch, ...network.input]),
    target: {
      dtype: 'int32',
      shape: [batch],
      data: Int32Array.from({ length: batch }, (_, i) => i % network.classes),
    },
    // Of graphs with soft targets: any numbers would do here, too.
    targets: tensor(fillNoise(new Float32Array(batch * network.classes), 0, 0, 1), [batch, network.classes]),
    step: tensor(Float32Array.of(1), []),
  };
}

function tensor(data: Float32Array, shape: readonly number[] = [data.length]): NamedTensors[string] {
  return { dtype: 'float32', shape, data };
}

/** How many of the numbers differ: a prime, so that no two rows of an image or of a weight are alike. */
const PERIOD = 65_521;
let period: Float64Array | undefined;

/** Fills an array with `low` + `range` times a number in [0, 1), from the one at `start` on. */
function fillNoise(array: Float32Array, start: number, low: number, range: number): Float32Array {
  const numbers = (period ??= Float64Array.from({ length: PERIOD }, (_, i) => (mix(i + 1) >>> 8) / 2 ** 24));
  for (let i = 0, at = start % PERIOD; i < array.length; i++) {
    array[i] = low + range * (numbers[at] ?? 0);
    at = at + 1 === PERIOD ? 0 : at + 1;
  }
  return array;
}
