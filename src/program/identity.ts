import type { DType } from '../ir/index.js';
import { encodeModel } from '../onnx/index.js';
import { Builder } from '../ops/index.js';

/** A model whose output `y` is its input `x`, of this rank and any size: it copies from one memory to another. */
export function identityModel(dtype: DType, rank: number): Uint8Array {
  const b = new Builder();
  const x = b.input(
    'x',
    dtype,
    Array.from({ length: rank }, (_, axis) => `D${axis}`),
  );
  return encodeModel(b.finish('identity', [{ name: 'y', value: b.identity(x) }]));
}
