import { prune, type Graph } from '../../ir/index.js';
import { portableState } from '../layout/target-state.js';
import { rewrite } from '../rewrite/rewrite.js';
import { bindDims } from '../rewrite/static-batch.js';
import type { Lowering } from '../target.js';
import { contextOf } from './context.js';
import { lowerNode } from './rules.js';

/** Options of `lowerWasm`. */
export interface WasmOptions {
  /** Images in a batch; the lowered graph takes this many and no other number. */
  readonly batch: number;
  /** By the name of a node: `portable` where it is to stay as ONNX has it. */
  readonly choices?: Readonly<Record<string, string>>;
}

/**
 * Rewrites a portable graph, composite operators included, to what onnxruntime-web's WebAssembly runs fastest. That multiplies
 * matrices at nearly the speed of the processor, whose vectors it uses, and is slow at most else. So convolutions of few
 * channels (im2col) and of one tap are matrix products, for which images lie in HWCN. All operators are of ONNX's standard domain.
 *
 * @example
 * const { graph } = lowerWasm(buildGraph(network, 'step', options), { batch: 64 });
 */
export function lowerWasm(portable: Graph, { batch, choices }: WasmOptions): Lowering {
  const graph = prune(bindDims(portable, { N: batch }));
  const context = contextOf(graph);
  return rewrite(context, 'wasm', portableState, {
    isOwn: (value) => context.f.isHwcn(value),
    lower: (node) => (choices?.[node.name] === 'portable' ? undefined : lowerNode(context, node)),
  });
}
