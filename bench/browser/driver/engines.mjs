// Who is measured, and what each one is compared with.

/**
 * `processor` says what an engine computes on: ratios are taken between engines of the same one. `stock` is false where an
 * engine could only train with kernels that its users would have to write.
 */
export const engines = (cores) => [
  ...[...new Set([1, cores])].flatMap((threads) =>
    ['portable', 'auto'].map((target) => ({
      ...{ engine: 'ort-train', backend: 'wasm', processor: 'cpu', target, threads },
    })),
  ),
  { engine: 'ort-train', backend: 'webgpu', processor: 'gpu', target: 'auto' },
  { engine: 'jax-js', backend: 'wasm', processor: 'cpu' },
  { engine: 'jax-js', backend: 'webgpu', processor: 'gpu' },
  { engine: 'TensorFlow.js', backend: 'wasm', processor: 'cpu', threads: cores },
  { engine: 'TensorFlow.js', backend: 'cpu', processor: 'cpu' },
  { engine: 'TensorFlow.js', backend: 'webgpu', processor: 'gpu' },
  { engine: 'TensorFlow.js', backend: 'webgl', processor: 'gpu' },
];

/** `jax-js wasm`, `ort-train wasm 2 threads portable`. */
export const titleOf = ({ engine, backend, threads, target }) =>
  [engine, backend, ...(engine === 'ort-train' && threads ? [`${threads} threads`] : []), target]
    .filter(Boolean)
    .join(' ');
