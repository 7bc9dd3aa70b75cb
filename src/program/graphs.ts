import { assert } from '../errors.js';
import { gradients } from '../autodiff/index.js';
import type { Dim, Graph, GraphOutput, Value } from '../ir/index.js';
import type { VectorBundles } from '../lower/index.js';
import { countCorrect, crossEntropy, lossSchema, type CrossEntropyOptions } from '../models/index.js';
import {
  buildNetwork,
  flattenInGraph,
  stateLayout,
  unflattenInGraph,
  type Network,
  type StateLayout,
} from '../net/index.js';
import { Builder } from '../ops/index.js';
import {
  checkOptimizer,
  clipByNorm,
  optimizerSlots,
  optimizerStep,
  type OptimizerOptions,
} from '../optim/index.js';
import { checked } from '../schema.js';

/** The graphs that ort-train makes of a network. */
export type GraphKind = 'training' | 'optimizer' | 'step' | 'eval' | 'inference';

/** All kinds of graph, in the order in which training uses them. */
export const graphKinds = [
  'training',
  'optimizer',
  'step',
  'eval',
  'inference',
] as const satisfies readonly GraphKind[];

/** What the graphs of a network depend on. */
export interface GraphOptions {
  /** What its update is, and which vectors it keeps. */
  readonly optimizer: OptimizerOptions;
  /** Default: the mean cross-entropy of the batch. */
  readonly loss?: CrossEntropyOptions;
  /** Largest L2 norm of the gradient of all parameters together, to which the optimizer scales it; default: none. */
  readonly clipNorm?: number;
  /** Whether the loss is that of probabilities of the classes instead of the label, as images that are mixed have; default false. */
  readonly softTargets?: boolean;
  /** Whether gradients are added up over several batches, of whose gradients the optimizer takes the mean; default false. */
  readonly accumulates?: boolean;
  /** Images in a batch, where it is fixed; default: left open as `N`. */
  readonly batch?: number;
}

/**
 * One graph of a network. Inputs and outputs by kind:
 *
 * - `training`: params [P], buffers [B] and frozen [F] (where there are any), input [N,C,H,W], target int32 [N], step
 *   (where a layer draws random numbers) -> loss, correct, grad [P], buffers_next
 * - `optimizer`: params, grad, slots [P], lr, step -> params_next, slots_next
 * - `step`: both in one, which is what the trainer runs
 * - `eval`: params, buffers, frozen, input, target -> loss (mean), correct, logits [N,K]
 * - `inference`: input -> logits, probabilities [N,K]; the weights are initialisers, `weights` gives their values
 *
 * With `accumulates`, `training` takes grad [P] and keep besides and gives grad_next = grad keep + the batch's gradient; keep
 * is 0 for the first batch of a sum and 1 for the others. `optimizer` takes that sum as grad, and batches, their number.
 *
 * With `softTargets`, `training` and `step` take targets float32 [N,K] besides, of which their loss is; correct counts the
 * images whose target has the largest logit, as without.
 *
 * @example
 * console.log(printGraph(buildGraph(mnistCnn(), 'step', { optimizer: { kind: 'adam' } })));
 */
export function buildGraph(
  network: Network,
  kind: Exclude<GraphKind, 'inference'>,
  options: GraphOptions,
): Graph {
  const { optimizer, loss: lossOptions, batch: images, clipNorm } = options;
  const { accumulates = false, softTargets = false } = options;
  checkOptimizer(optimizer);
  checked(lossSchema, lossOptions ?? {}, 'loss');
  const b = new Builder();
  const state = stateLayout(network);
  const p = [state.parameters.size];
  const batch: Dim = images ?? 'N';
  const outputs: GraphOutput[] = [];
  const give = (name: string, value: Value): void => void outputs.push({ name, value });
  const params = b.input('params', 'float32', p);
  let stepInput: Value | undefined;
  /** Number of the step, counted from 1: float32 as the optimizer has it, exact up to 2^24. */
  const stepNumber = (): Value => (stepInput ??= b.input('step', 'float32', []));
  const hasForward = kind !== 'optimizer';
  const grad = hasForward ? forward() : meanGradient();
  if (grad !== undefined) {
    if (kind !== 'training') update(grad);
    else if (accumulates) give('grad_next', sumWith(grad));
    else give('grad', grad);
  }
  return b.finish(`${network.name}-${kind}`, outputs);

  /** Forward pass and loss; for training the backward pass too, whose flat gradient it returns. */
  function forward(): Value | undefined {
    const training = kind !== 'eval';
    const hasBuffers = state.buffers.size > 0;
    const carried = carriedIn(b, state);
    const x = b.input('input', 'float32', [batch, ...network.input]);
    const target = b.input('target', 'int32', [batch]);
    const soft = training && softTargets ? b.input('targets', 'float32', [batch, network.classes]) : target;
    const named = new Map([...unflattenInGraph(b, state.parameters, params), ...carried()]);
    const next = new Map<string, Value>();
    const logits = buildNetwork(b, network, x, {
      training,
      take: ({ name }) => pick(named, name),
      step: stepNumber,
      update: (name, value) => void next.set(name, value),
    });
    const loss = crossEntropy(b, logits, soft, training ? lossOptions : {});
    give('loss', loss);
    give('correct', countCorrect(b, logits, target));
    if (!training) {
      give('logits', logits);
      return undefined;
    }
    if (hasBuffers) {
      const after = new Map(
        state.buffers.slots.map(({ name }) => [name, next.get(name) ?? pick(named, name)]),
      );
      give('buffers_next', flattenInGraph(b, state.buffers, after, 'buffers_next'));
    }
    const names = state.parameters.slots.map(({ name }) => name);
    const grads = gradients(
      b,
      loss,
      names.map((name) => pick(named, name)),
    );
    return flattenInGraph(b, state.parameters, new Map(names.map((name, i) => [name, at(grads, i)])), 'grad');
  }

  function meanGradient(): Value {
    const sum = b.input('grad', 'float32', p);
    return accumulates ? b.div(sum, b.input('batches', 'float32', []), 'mean_grad') : sum;
  }

  function sumWith(gradient: Value): Value {
    const [sum, keep] = [b.input('grad', 'float32', p), b.input('keep', 'float32', [])];
    return b.add(b.mul(sum, keep), gradient, 'grad_sum');
  }

  function update(gradient: Value): void {
    const clipped = clipNorm === undefined ? gradient : clipByNorm(b, gradient, clipNorm);
    const slots = optimizerSlots(optimizer);
    const before = slots.map((name) => b.input(name, 'float32', p));
    const lr = b.input('lr', 'float32', []);
    const inputs = { params, grad: clipped, slots: before, lr, step: stepNumber() };
    const after = optimizerStep(b, optimizer, inputs);
    give('params_next', after.params);
    slots.forEach((name, i) => {
      give(`${name}_next`, at(after.slots, i));
    });
  }
}

/** Adds what a forward pass has beside the parameters as inputs; the tensors follow when they are asked for. */
function carriedIn(
  b: Builder,
  { buffers, frozen }: StateLayout,
): () => readonly (readonly [string, Value])[] {
  const vectors = [buffers, frozen]
    .filter(({ size }) => size > 0)
    .map((bundle) => ({ bundle, vector: b.input(bundle.name, 'float32', [bundle.size]) }));
  return () => vectors.flatMap(({ bundle, vector }) => [...unflattenInGraph(b, bundle, vector)]);
}

/**
 * The forward pass in training, from which a target tells how the state is to lie: params, buffers, frozen, input -> logits.
 */
export function buildForward(network: Network): Graph {
  const b = new Builder();
  const state = stateLayout(network);
  const params = b.input('params', 'float32', [state.parameters.size]);
  const carried = carriedIn(b, state);
  const x = b.input('input', 'float32', ['N', ...network.input]);
  const named = new Map([...unflattenInGraph(b, state.parameters, params), ...carried()]);
  let step: Value | undefined;
  const logits = buildNetwork(b, network, x, {
    training: true,
    take: ({ name }) => pick(named, name),
    step: () => (step ??= b.input('step', 'float32', [])),
    update: () => undefined,
  });
  return b.finish(`${network.name}-forward`, [{ name: 'logits', value: logits }]);
}

/** The vectors of a run by name, and of which bundle each is: the gradient and the optimizer's are like the parameters. */
export function vectorBundles(network: Network, optimizer: OptimizerOptions): VectorBundles {
  const { parameters, buffers, frozen } = stateLayout(network);
  const like = ['params', 'grad', ...optimizerSlots(optimizer)].map((name) => [name, parameters] as const);
  return { ...Object.fromEntries(like), buffers, frozen };
}

/** The graphs of a run that a target's form is checked by: they hold all that its step does but the optimizer's arithmetic. */
export function checkedKinds({ clipNorm }: GraphOptions): readonly ('training' | 'eval' | 'clip')[] {
  return ['training', 'eval', ...(clipNorm === undefined ? [] : (['clip'] as const))];
}

/** What `clipNorm` does in any optimizer, by itself: grad [P] -> grad_next, whose norm is a thousandth. */
export function buildClip(network: Network): Graph {
  const b = new Builder();
  const grad = b.input('grad', 'float32', [stateLayout(network).parameters.size]);
  return b.finish(`${network.name}-clip`, [{ name: 'grad_next', value: clipByNorm(b, grad, 1e-3) }]);
}

/**
 * The inference graph of a network with its weights inside: input [N,C,H,W] -> logits, probabilities [N,K].
 *
 * @example
 * const graph = buildInferenceGraph(network, initialState(network, 0));
 */
export function buildInferenceGraph(network: Network, weights: ReadonlyMap<string, Float32Array>): Graph {
  const b = new Builder();
  const x = b.input('input', 'float32', ['N', ...network.input]);
  const logits = buildNetwork(b, network, x, {
    training: false,
    take: ({ name, shape }) => b.initializer({ dtype: 'float32', shape, data: pick(weights, name) }, name),
    update: () => undefined,
  });
  return b.finish(`${network.name}-inference`, [
    { name: 'logits', value: logits },
    { name: 'probabilities', value: b.softmax(logits, 1, 'probabilities') },
  ]);
}

function pick<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  assert(value !== undefined, `'${name}' has no value`);
  return value;
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  assert(value !== undefined, `nothing at ${index}`);
  return value;
}
