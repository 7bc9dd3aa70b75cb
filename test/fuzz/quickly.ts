import type { Graph } from '../../src/ir/index.js';
import type { NdArray } from '../reference/array.js';
import { evaluate, kernels } from '../reference/evaluate.js';
import type { Kernel } from '../reference/kernel.js';
import { fastKernels } from '../reference-fast/index.js';

/** The quick kernel for what it can do, which is one group and no bias; the reference's for the rest. */
const either = (name: string, quick: Kernel, slow: Kernel): Kernel =>
  name.startsWith('Conv')
    ? (context) => (context.attrs['group'] === 1 && context.inputs[2] === undefined ? quick : slow)(context)
    : quick;

const replacements = Object.fromEntries(
  Object.entries(fastKernels).map(([name, quick]) => [name, either(name, quick, kernels[name] ?? quick)]),
);

/** The float64 reference with quick kernels where there are any. */
export function quickly(graph: Graph, feeds: Readonly<Record<string, NdArray>>): Record<string, NdArray> {
  return evaluate(graph, feeds, replacements);
}
