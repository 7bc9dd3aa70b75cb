import { createNodeSession } from './node.js';

/**
 * The model that is asked, as base64: y = com.microsoft.nchwc.ReorderInput(x, channels_last = 0), both float32
 * [1,32,1,2]. `session/` may not build graphs, and this one never changes; ort-train's own `encodeModel` made it.
 */
const model =
  'CAgSCW9ydC10cmFpbhoAMgA6kAEKSAoBeBIBeRoHcmVvcmRlciIMUmVvcmRlcklucHV0KhQKDWNoYW5uZWxzX2xhc3QYAKABAjoTY29tLm1pY3Jv' +
  'c29mdC5uY2h3YxIKYmxvY2stc2l6ZVobCgF4EhYKFAgBEhAKAggBCgIIIAoCCAEKAggCYhsKAXkSFgoUCAESEAoCCAEKAgggCgIIAQoCCAJCBAoA' +
  'EBJCFwoTY29tLm1pY3Jvc29mdC5uY2h3YxAB';

/**
 * How many channels lie together in ONNX Runtime's blocked (NCHWc) tensors on this CPU: 16 with AVX-512, 8 with AVX2.
 * Undefined where the runtime has no blocked operators for it.
 *
 * @example
 * const size = await probeBlockSize(); // 16
 */
export async function probeBlockSize(): Promise<number | undefined> {
  // Two pixels of 32 channels, counted channel by channel: 0 and 1 are the pixels of the first channel. Blocked, the
  // first pixel of all channels of a block comes before the second, so 1 moves to the place of the block's size.
  const data = Float32Array.from({ length: 64 }, (_, i) => i);
  const bytes = Uint8Array.from(Buffer.from(model, 'base64'));
  try {
    const session = await createNodeSession(bytes, { threads: 1 });
    try {
      const { y } = await session.run({ x: { dtype: 'float32', shape: [1, 32, 1, 2], data } }, ['y']);
      const size = y?.data instanceof Float32Array ? y.data.indexOf(1) : -1;
      return size > 1 ? size : undefined;
    } finally {
      await session.dispose();
    }
  } catch {
    return undefined;
  }
}
