import { localName, prune, type Graph, type Node, type Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import type { TargetState } from '../layout/target-state.js';
import type { Lowering, NodeReport } from '../target.js';
import { BundleRewriter, type SegmentRules } from './bundles.js';
import { lowerPortable } from './lower-portable.js';
import { nodeReporter } from './node-report.js';
import { tidyReshapes } from './tidy.js';

/** What every target knows of a lowered value. */
export interface PlainForms {
  set(value: Value, form: { readonly plain: Value }): void;
  plain(value: Value): Value;
}

/** A graph that is being lowered. */
export interface Rewriting {
  readonly graph: Graph;
  readonly b: Builder;
  readonly f: PlainForms;
}

/** What is a target's own. */
export interface RewriteRules {
  /** How tensors lie in the vectors of the state; default: no vector has a layout of the target's. */
  readonly segments?: SegmentRules;
  /** Whether a value lies in a layout of the target's own, so that a node that is kept has it converted; default: none does. */
  readonly isOwn?: (value: Value) => boolean;
  /** Lowers a node and names its form; undefined where the portable form remains. */
  readonly lower: (node: Node) => string | undefined;
}

/** Rewrites a graph node by node; what the rules leave alone stays as it is, on plain tensors. */
export function rewrite(
  { graph, b, f }: Rewriting,
  name: string,
  layout: TargetState,
  { segments, isOwn = () => false, lower }: RewriteRules,
): Lowering {
  const bundles = segments && new BundleRewriter({ graph, b, f }, layout, segments);
  for (const input of graph.inputs) {
    if (bundles?.input(input) !== true) {
      f.set(input, { plain: b.input(input.name, input.dtype, input.shape) });
    }
  }
  for (const { value, tensor } of graph.constants) f.set(value, { plain: b.carried(tensor, value.name) });
  const report: NodeReport[] = [];
  const reportOf = nodeReporter(graph, isOwn);
  for (const node of graph.nodes) {
    b.within(node.layer, () => {
      if (bundles?.lower(node) === true) return;
      const form = lower(node);
      const reported = reportOf(node, form);
      if (reported !== undefined) report.push(reported);
      if (form === undefined) keep({ graph, b, f }, node);
    });
  }
  const outputs = graph.outputs.flatMap(
    (output) => bundles?.outputs(output) ?? [{ name: output.name, value: f.plain(output.value) }],
  );
  const made = b.finish(`${graph.name}-${name}`, outputs);
  return { graph: tidyReshapes(lowerPortable(prune(made))), report };
}

/** The node as it is, on plain tensors. */
function keep({ b, f }: Rewriting, node: Node): void {
  const inputs = node.inputs.map((input) => (input === undefined ? undefined : f.plain(input)));
  const outputs = b.emitAll(node.op, inputs, node.attrs, localName(node));
  node.outputs.forEach((output, i) => {
    const made = outputs[i];
    if (made !== undefined) f.set(output, { plain: made });
  });
}
