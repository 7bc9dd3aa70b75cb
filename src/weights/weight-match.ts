import { CheckpointError } from '../errors.js';
import { formatShape, type TensorData } from '../ir/index.js';
import { headNames, type Network } from '../net/index.js';

/** How strictly weights must fit a network. */
export interface WeightOptions {
  /** Whether anything missing, unexpected or of another type is an error; default true. */
  readonly strict?: boolean;
  /** Whether the last linear layer may be missing or made for other classes; it then keeps its fresh values. */
  readonly allowHead?: boolean;
}

/** One tensor that does not fit. */
export interface WeightProblem {
  /** Not in the file, not in the network, or of another data type. */
  readonly kind: 'missing' | 'unexpected' | 'other-type';
  readonly name: string;
  /** The same as a sentence: what was expected and what came. */
  readonly message: string;
}

/** What fits a network out of a file. */
export interface WeightMatch {
  /** Parameters and buffers by the network's names; all of them unless `freshHead` or `problems` says otherwise. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Tensors of the head that the file lacks, with `allowHead`. */
  readonly freshHead: readonly string[];
  /** What does not fit; with `strict`, which is the default, always empty. */
  readonly problems: readonly WeightProblem[];
}

/** Compares named tensors with a network's. Names that begin with `optimizer.` are not weights. */
export function compareWeights(
  network: Network,
  tensors: ReadonlyMap<string, TensorData>,
  { allowHead = false }: WeightOptions = {},
): WeightMatch {
  const head = allowHead ? headNames(network) : new Set<string>();
  const problems: WeightProblem[] = [];
  const weights = new Map<string, Float32Array>();
  let isHeadFresh = false;
  for (const { name, shape } of network.state) {
    const tensor = tensors.get(name);
    const fits = tensor?.dtype === 'float32' && formatShape(tensor.shape) === formatShape(shape);
    if (fits && tensor.data instanceof Float32Array) weights.set(name, tensor.data);
    else if (head.has(name)) isHeadFresh = true;
    else problems.push(problemOf(name, shape, tensor));
  }
  const known = new Set(network.state.map(({ name }) => name));
  for (const name of tensors.keys()) {
    if (known.has(name) || name.startsWith('optimizer.') || name.endsWith('.num_batches_tracked')) continue;
    problems.push({ kind: 'unexpected', name, message: `'${name}' is unexpected` });
  }
  // A weight without its bias is no layer: the head is fresh as a whole.
  if (isHeadFresh) for (const name of head) weights.delete(name);
  return { weights, freshHead: isHeadFresh ? [...head] : [], problems };
}

function problemOf(name: string, shape: readonly number[], tensor: TensorData | undefined): WeightProblem {
  if (tensor === undefined) {
    return { kind: 'missing', name, message: `'${name}' ${formatShape(shape)} is missing` };
  }
  const [expected, came] =
    tensor.dtype === 'float32' ? [formatShape(shape), formatShape(tensor.shape)] : ['float32', tensor.dtype];
  return { kind: 'other-type', name, message: `'${name}': expected ${expected}, got ${came}` };
}

/** Throws CheckpointError, listing what does not fit, unless all does. */
export function refuseProblems(network: Network, problems: readonly WeightProblem[], where: string): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, 8).map(({ message }) => message);
  const more = problems.length > 8 ? `; and ${problems.length - 8} more` : '';
  throw new CheckpointError(`${where} does not fit the network ${network.name}: ${shown.join('; ')}${more}`);
}
