import { prune, type Graph } from '../../ir/index.js';
import { planFlat } from '../cpu/flat-state.js';
import { targetState } from '../cpu/target-state.js';
import { flatInput, lowerFlat, type SegmentRules } from '../rewrite/flat.js';
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
export function lowerWebgpu(portable: Graph, { batch, choices }: WebgpuOptions): Lowering {
  const graph = prune(bindDims(portable, { N: batch }));
  const context = contextOf(graph, choices);
  const { b, f } = context;
  const plans = planFlat(graph, 1, () => 'vector');
  const segments: SegmentRules = {
    cut(value, _, part) {
      f.set(value, { plain: b.reshape(part, value.shape) });
    },
    part: (value) => f.plain(value),
  };
  const lowered = rewrite(context, 'webgpu', {
    input: (input) => flatInput(context, plans, input),
    skip: (node) => lowerFlat(context, plans, node, segments),
    lower: (node) => lowerNode(context, node),
  });
  return { ...lowered, state: targetState(graph, plans, 1) };
}
