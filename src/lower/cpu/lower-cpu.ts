import { prune, type Graph, type GraphOutput, type Node } from '../../ir/index.js';
import { lowerPortable } from '../portable.js';
import { bindDims } from '../static-batch.js';
import type { Lowering, NodeReport } from '../target.js';
import { localName } from '../shared/links.js';
import { contextOf, type Context } from './context.js';
import { formOf, formsOf } from './conv-forms.js';
import { planFlat } from './flat-state.js';
import { hoistRelu } from './hoist-relu.js';
import { flatInputs, lowerFlat, segmentKind } from './rewrite-flat.js';
import { lowerNode, reported } from './rules.js';
import { splitPoolRule } from './split-pool.js';
import { pieceName, targetState } from './target-state.js';
import { tidyReshapes } from '../shared/tidy.js';

/** Options of `lowerCpu`. */
export interface CpuOptions {
  /** Channels in a block, as `probeBlockSize` finds it: 16 with AVX-512, 8 with AVX2. */
  readonly blockSize: number;
  /** Images in a batch; the lowered graph takes this many and no other number. */
  readonly batch: number;
  /** Whether parameters and moments may lie in the target's layout; default true. */
  readonly blockedState?: boolean;
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
 * const { graph, state } = lowerCpu(buildGraph(network, 'step', options), { blockSize: 16, batch: 64 });
 * const feeds = state.tensors('params', state.toTarget('params', flat));
 */
export function lowerCpu(portable: Graph, options: CpuOptions): Lowering {
  const graph = preparedFor(portable, options.batch);
  const context = contextOf(graph, options.blockSize, options.choices);
  const { b, f } = context;
  const plans =
    options.blockedState === false
      ? []
      : planFlat(graph, options.blockSize, (value) => segmentKind(context, value));
  for (const input of graph.inputs) {
    const plan = plans.find(({ members }) => members.has(input));
    if (plan !== undefined) flatInputs(context, plan, input);
    else f.set(input, { plain: b.input(input.name, input.dtype, input.shape) });
  }
  for (const { value, tensor } of graph.constants) f.set(value, { plain: b.initializer(tensor, value.name) });
  const isKept = (node: Node): boolean => options.choices?.[node.name] === 'portable';
  const split = splitPoolRule(context, isKept);
  const report: NodeReport[] = [];
  for (const node of graph.nodes) {
    b.within(node.layer, () => {
      if (lowerFlat(context, plans, node)) return;
      const form = isKept(node) ? undefined : lower(node);
      if (form === undefined) keep(context, node);
      if (reported.has(node.op.name)) {
        report.push({ node: node.name, op: node.op.name, form: form ?? 'portable' });
      }
    });
  }
  const outputs = graph.outputs.flatMap(({ name, value }): readonly GraphOutput[] => {
    const pieces = f.pieces(value);
    if (pieces === undefined) return [{ name, value: f.plain(value) }];
    return pieces.map((piece, i) => ({ name: pieceName(name, i), value: piece }));
  });
  const lowered = tidyReshapes(lowerPortable(prune(b.finish(`${graph.name}-cpu`, outputs))));
  return { graph: lowered, state: targetState(graph, plans, options.blockSize), report };

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

/** The node as it is, on plain tensors. */
function keep({ b, f }: Context, node: Node): void {
  const inputs = node.inputs.map((input) => (input === undefined ? undefined : f.plain(input)));
  const outputs = b.emitAll(node.op, inputs, node.attrs, localName(node));
  node.outputs.forEach((output, i) => {
    const made = outputs[i];
    if (made !== undefined) f.set(output, { plain: made });
  });
}
