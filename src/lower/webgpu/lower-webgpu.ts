import { prune, type Graph, type GraphOutput, type Node } from '../../ir/index.js';
import { planFlat } from '../cpu/flat-state.js';
import { pieceName, targetState } from '../cpu/target-state.js';
import { lowerPortable } from '../portable.js';
import { localName } from '../shared/links.js';
import { tidyReshapes } from '../shared/tidy.js';
import { bindDims } from '../static-batch.js';
import type { Lowering, NodeReport } from '../target.js';
import { contextOf, type Context } from './context.js';
import { flatInputs, lowerFlat } from './flat.js';
import { lowerNode, reported } from './rules.js';

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
  for (const input of graph.inputs) {
    const plan = plans.find(({ members }) => members.has(input));
    if (plan !== undefined) flatInputs(context, plan, input);
    else f.set(input, { plain: b.input(input.name, input.dtype, input.shape) });
  }
  for (const { value, tensor } of graph.constants) f.set(value, { plain: b.initializer(tensor, value.name) });
  const report: NodeReport[] = [];
  for (const node of graph.nodes) {
    b.within(node.layer, () => {
      if (lowerFlat(context, plans, node)) return;
      const form = lowerNode(context, node);
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
  const lowered = tidyReshapes(lowerPortable(prune(b.finish(`${graph.name}-webgpu`, outputs))));
  return { graph: lowered, state: targetState(graph, plans, 1), report };
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
