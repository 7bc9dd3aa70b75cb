import { findBlockSize } from '../program/index.js';
import { createNodeSession } from './node.js';

/**
 * The number of channels in a block of ONNX Runtime's blocked (NCHWc) tensors on this CPU: 16 with AVX-512, 8 with AVX2.
 * Undefined where the runtime has no blocked operators for it.
 *
 * @example
 * const size = await probeBlockSize(); // 16
 */
export function probeBlockSize(): Promise<number | undefined> {
  return findBlockSize(async (model, feeds) => {
    const session = await createNodeSession(model, { threads: 1 });
    try {
      return await session.run(feeds, session.outputNames);
    } finally {
      await session.dispose();
    }
  });
}
