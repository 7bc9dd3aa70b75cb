import {
  optimizerSlots,
  stateLayout,
  type Layout,
  type NamedTensors,
  type Network,
  type OptimizerOptions,
} from '../artifacts/index.js';

/**
 * Pseudo-random feeds of a step or eval model, the same each time: a comparison of two forms needs no particular numbers,
 * only many different ones.
 */
export function checkFeeds(
  network: Network,
  kind: 'step' | 'eval',
  optimizer: OptimizerOptions,
  batch: number,
): NamedTensors {
  const { parameters, buffers, frozen } = stateLayout(network);
  const isBuffer = new Set(network.state.filter((spec) => spec.kind === 'buffer').map(({ name }) => name));
  const weights = (layout: Layout): NamedTensors[string] => {
    const flat = new Float32Array(layout.size);
    for (const { name, shape, offset, size } of layout.slots) {
      // Weights at the scale of their initialisation keep activations finite through any depth.
      const fan = shape.slice(1).reduce((product, dim) => product * dim, 1);
      const scale = shape.length > 1 ? Math.sqrt(6 / Math.max(1, fan)) : 0.1;
      for (let i = offset; i < offset + size; i++) {
        flat[i] = isBuffer.has(name) ? 0.5 + noise(i) : (noise(i) - 0.5) * 2 * scale;
      }
    }
    return tensor(flat);
  };
  const pixels = batch * network.input.reduce((product, dim) => product * dim, 1);
  // The forms only read their inputs, so that all moments can be one vector of zeros.
  const zeros = tensor(new Float32Array(kind === 'step' ? parameters.size : 0));
  return {
    params: weights(parameters),
    ...(buffers.size > 0 && { buffers: weights(buffers) }),
    ...(frozen.size > 0 && { frozen: weights(frozen) }),
    input: tensor(
      Float32Array.from({ length: pixels }, (_, i) => noise(i)),
      [batch, ...network.input],
    ),
    target: {
      dtype: 'int32',
      shape: [batch],
      data: Int32Array.from({ length: batch }, (_, i) => i % network.classes),
    },
    ...(kind === 'step' && {
      ...Object.fromEntries(optimizerSlots(optimizer).map((name) => [name, zeros])),
      lr: tensor(Float32Array.of(1e-3), []),
      step: tensor(Float32Array.of(1), []),
    }),
  };
}

function tensor(data: Float32Array, shape: readonly number[] = [data.length]): NamedTensors[string] {
  return { dtype: 'float32', shape, data };
}

/** A number in [0, 1) from a counter: the multiplicative hash of Knuth, TAOCP 3, 6.4. */
function noise(i: number): number {
  return (Math.imul(i + 1, 0x9e3779b1) >>> 8) / 2 ** 24;
}
