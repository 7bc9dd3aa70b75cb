import { GraphBuilder, type Graph } from '../../ir/index.js';
import { reorderInput } from './blocked-ops.js';

const CHANNELS = 16;
const PIXELS = 2;

/** Loads a graph, runs it on its one float32 input, returns its one output. Rejects where the runtime cannot. */
export type RunOnce = (graph: Graph, input: Float32Array) => Promise<Float32Array>;

/**
 * Channels in a block of the runtime's blocked layout: 16 with AVX-512, 8 with AVX2, undefined where it has no such
 * layout (then the portable form is the one to use). It depends on the CPU, so it is tried, never assumed.
 *
 * @example
 * const blockSize = await probeBlockSize(async (graph, input) => runWithOrt(encodeModel(graph), input));
 */
export async function probeBlockSize(run: RunOnce): Promise<number | undefined> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [1, CHANNELS, 1, PIXELS]);
  const graph = b.finish('probe', [
    { name: 'y', value: b.emit(reorderInput, [x], { channels_last: 0 }, 'y') },
  ]);
  // Channel c holds [c, -1]: the first -1 in the result comes after one block of first pixels.
  const input = Float32Array.from({ length: CHANNELS * PIXELS }, (_, i) =>
    i % PIXELS === 0 ? i / PIXELS : -1,
  );
  try {
    const output = await run(graph, input);
    const block = output.indexOf(-1);
    const ordered = block > 0 && output.subarray(0, block).every((value, i) => value === i);
    return ordered && (block === 8 || block === 16) ? block : undefined;
  } catch {
    return undefined;
  }
}
