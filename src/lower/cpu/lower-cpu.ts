import { prune, type Graph, type Node } from '../../ir/index.js';
import { portableState, type TargetState } from '../layout/target-state.js';
import { bindDims } from '../rewrite/static-batch.js';
import { rewrite } from '../rewrite/rewrite.js';
import type { Lowering } from '../target.js';
import { contextOf } from './context.js';
import { formOf, formsOf } from './conv-forms.js';
import { hoistRelu } from './hoist-relu.js';
import { lowerNode } from './rules.js';
import { segmentRules } from './segments.js';
import { splitPoolRule } from './split-pool.js';

/** Options of `lowerCpu`. */
export interface CpuOptions {
  /** Channels in a block, as `probeBlockSize` finds it: 16 with AVX-512, 8 with AVX2. */
  readonly blockSize: number;
  /** Images in a batch; the lowered graph takes this many and no other number. */
  readonly batch: number;
  /** Of `layoutCpu`; default: vectors as they are. */
  readonly layout?: TargetState;
  /**
   * By the name of a node: the form that it is to have, `portable` or one that a convolution can have; the others have the
   * written heuristic's.
   */
  readonly choices?: Readonly<Record<string, string>>;
}

/**
 * Rewrites a portable graph, composite operators included, to what ONNX Runtime's CPU provider runs fastest: convolutions
 * and pooling on blocked tensors that flow from layer to layer, additions and ReLU inside the convolutions, parameters
 * and moments in the layout of the convolutions' weights.
 *
 * @example
 * const layout = layoutCpu(buildForward(network), { blockSize: 16, vectors: vectorBundles(network, optimizer) });
 * const { graph } = lowerCpu(buildGraph(network, 'step', options), { blockSize: 16, batch: 64, layout });
 * const feeds = layout.tensors('params', layout.toTarget('params', flat));
 */
export function lowerCpu(portable: Graph, options: CpuOptions): Lowering {
  const graph = preparedFor(portable, options.batch);
  const context = contextOf(graph, options.blockSize, options.choices);
  const isKept = (node: Node): boolean => options.choices?.[node.name] === 'portable';
  const split = splitPoolRule(context, isKept);
  return rewrite(context, 'cpu', options.layout ?? portableState, {
    segments: segmentRules(context),
    isOwn: (value) => context.f.isBlocked(value),
    lower: (node) => (isKept(node) ? undefined : lower(node)),
  });

  /** The node's form, by name. `split`: a part of a first layer that is split at its pooling; `blocked`: it has but one. */
  function lower(node: Node): string | undefined {
    if (split(node)) return 'split';
    if (!lowerNode(context, node)) return undefined;
    return formsOf(context, node) === undefined ? 'blocked' : formOf(context, node);
  }
}

/** What is lowered: the portable graph for one batch size, its ReLUs before the pooling where that is the same. */
export function preparedFor(portable: Graph, batch: number): Graph {
  return prune(hoistRelu(bindDims(portable, { N: batch })));
}
