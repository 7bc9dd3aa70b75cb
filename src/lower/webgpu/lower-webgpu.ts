import { prune, type Graph } from '../../ir/index.js';
import { placeState, portableState, type VectorBundles, type TargetState } from '../layout/target-state.js';
import { rewrite } from '../rewrite/rewrite.js';
import { bindDims } from '../rewrite/static-batch.js';
import type { Lowering } from '../target.js';
import { contextOf } from './context.js';
import { lowerNode } from './rules.js';

/** Options of `lowerWebgpu`. */
export interface WebgpuOptions {
  /** Images in a batch; the lowered graph takes this many and no other number. */
  readonly batch: number;
  /** By the name of a node: the form that it is to have; the others have the written heuristic's. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Of `layoutWebgpu`; default: vectors as they are. */
  readonly layout?: TargetState;
}

/** Lays out the vectors of a run in a few large pieces. */
export function layoutWebgpu(vectors: VectorBundles): TargetState {
  return placeState(vectors, 1, () => 'vector');
}

/**
 * Rewrites a portable graph, composite operators included, so that all of it runs on ONNX Runtime's WebGPU provider with
 * right numbers: images with their channels last, convolutions in the forms that it computes fastest, pooling without
 * indices, no 64-bit integers; parameters and moments in a few large pieces.
 *
 * @example
 * const { graph, state } = lowerWebgpu(buildGraph(network, 'step', options), { batch: 64 });
 * const feeds = state.tensors('params', state.toTarget('params', flat));
 */
export function lowerWebgpu(
  portable: Graph,
  { batch, choices, layout = portableState }: WebgpuOptions,
): Lowering {
  const graph = prune(bindDims(portable, { N: batch }));
  const context = contextOf(graph, choices);
  const { b, f } = context;
  return rewrite(context, 'webgpu', layout, {
    segments: {
      cut(value, _, part) {
        f.set(value, { plain: b.reshape(part, value.shape) });
      },
      part: (value) => f.plain(value),
    },
    lower: (node) => lowerNode(context, node),
  });
}
