import { encodeModel } from '../../src/onnx/index.js';
import { Builder } from '../../src/ops/index.js';
import type { CreateSession, SessionOptions } from '../../src/program/index.js';

const SIDE = 1024;

/**
 * The rate of ONNX Runtime's own matrix product on this machine, in GFLOP/s: the best of several products of 1024 x 1024
 * matrices. It is the limit against which a network's rate is read.
 */
export async function gemmRate(createSession: CreateSession, options: SessionOptions): Promise<number> {
  const b = new Builder();
  const [x, y] = [b.input('x', 'float32', [SIDE, SIDE]), b.input('y', 'float32', [SIDE, SIDE])];
  const graph = b.finish('gemm', [{ name: 'z', value: b.matMul(x, y, 'product') }]);
  const session = await createSession(encodeModel(graph), options);
  const matrix = (scale: number): { dtype: 'float32'; shape: number[]; data: Float32Array } => ({
    dtype: 'float32',
    shape: [SIDE, SIDE],
    data: Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.sin(i) * scale),
  });
  const feeds = { x: matrix(1), y: matrix(2) };
  const results = { z: matrix(0) };
  try {
    let best = Infinity;
    for (let run = 0; run < 12; run++) {
      const start = performance.now();
      await session.run(feeds, results);
      best = Math.min(best, performance.now() - start);
    }
    return (2 * SIDE ** 3) / best / 1e6;
  } finally {
    await session.dispose();
  }
}
