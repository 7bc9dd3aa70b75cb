import { prune, type Graph, type Node } from '../../ir/index.js';
import { lowerPortable } from '../portable.js';
import { localName } from '../shared/links.js';
import { tidyReshapes } from '../shared/tidy.js';
import { bindDims } from '../static-batch.js';
import type { Lowering, NodeReport, TargetState } from '../target.js';
import { contextOf, type Context } from './context.js';
import { prefersPixels } from './conv-forms.js';
import { lowerNode, reported } from './rules.js';

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
  const { b, f } = context;
  for (const input of graph.inputs) f.set(input, { plain: b.input(input.name, input.dtype, input.shape) });
  for (const { value, tensor } of graph.constants) f.set(value, { plain: b.initializer(tensor, value.name) });
  const report: NodeReport[] = [];
  for (const node of graph.nodes) {
    b.within(node.layer, () => {
      const form = choices?.[node.name] === 'portable' ? undefined : lowerNode(context, node);
      if (form === undefined) keep(context, node);
      if (reported.has(node.op.name)) {
        report.push({ node: node.name, op: node.op.name, form: form ?? 'portable' });
      }
    });
  }
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: f.plain(value) }));
  const lowered = tidyReshapes(lowerPortable(prune(b.finish(`${graph.name}-wasm`, outputs))));
  return { graph: lowered, state: portableState, report };
}

/** The flat vectors lie as in the portable graph. */
const portableState: TargetState = {
  size: (_, portable) => portable,
  toTarget: (_, flat) => flat,
  fromTarget: (_, target) => target,
  tensors: (name, data, suffix = '') => ({
    [`${name}${suffix}`]: { dtype: 'float32', shape: [data.length], data },
  }),
};

/** The node as it is, on plain tensors. */
function keep({ b, f }: Context, node: Node): void {
  const inputs = node.inputs.map((input) => (input === undefined ? undefined : f.plain(input)));
  const outputs = b.emitAll(node.op, inputs, node.attrs, localName(node));
  node.outputs.forEach((output, i) => {
    const made = outputs[i];
    if (made !== undefined) f.set(output, { plain: made });
  });
}
