import { prune, type Graph } from '../../ir/index.js';
import { portableState } from '../layout/target-state.js';
import { rewrite } from '../rewrite/rewrite.js';
import { bindDims } from '../rewrite/static-batch.js';
import type { Lowering } from '../target.js';
import { contextOf } from './context.js';
import { prefersPixels } from './conv-forms.js';
import { lowerNode } from './rules.js';

/** Options of `lowerWasm`. */
export interface WasmOptions {
  /** Images in a batch; the lowered graph takes this many and no other number. */
  readonly batch: number;
  /** By the name of a node: the form that it is to have; the others have the written heuristic's. */
  readonly choices?: Readonly<Record<string, string>>;
  /**
   * Whether the optimizer divides a gradient by its own size, as Adam does: then what rounding leaves of a zero becomes a
   * whole step, and nothing is computed from spectra, which leave some. Default false.
   */
  readonly adaptive?: boolean;
}

/**
 * Rewrites a portable graph, composite operators included, to what onnxruntime-web's WebAssembly runs fastest. That multiplies
 * matrices at nearly the speed of the processor, whose vectors it uses, and is slow at most else. So convolutions are
 * products of spectra, see transform.ts: a third of the operations, all of them in matrix products, for which images lie
 * pixel by pixel, [H,W,C,N]. All operators are of ONNX's standard domain.
 *
 * @example
 * const { graph } = lowerWasm(buildGraph(network, 'step', options), { batch: 64 });
 */
export function lowerWasm(portable: Graph, { batch, choices, adaptive }: WasmOptions): Lowering {
  const graph = prune(bindDims(portable, { N: batch }));
  const bare = contextOf(graph, choices, adaptive);
  const context = { ...bare, prefersPixels: prefersPixels(bare) };
  return rewrite(context, 'wasm', portableState, {
    isOwn: (value) => context.f.isPixels(value),
    lower: (node) => (choices?.[node.name] === 'portable' ? undefined : lowerNode(context, node)),
  });
}
