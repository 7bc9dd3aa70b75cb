import { gradients } from '../autodiff/index.js';
import type { Dim, Graph, GraphOutput, Value } from '../ir/index.js';
import { countCorrect, crossEntropy, lossSchema, type CrossEntropyOptions } from '../models/index.js';
import { buildNetwork, flattenInGraph, stateLayout, unflattenInGraph, type Network } from '../net/index.js';
import { Builder } from '../ops/index.js';
import { checkOptimizer, optimizerSlots, optimizerStep, type OptimizerOptions } from '../optim/index.js';
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
  readonly optimizer: OptimizerOptions;
  readonly loss?: CrossEntropyOptions;
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
 * @example
 * console.log(print(buildGraph(mnistCnn(), 'step', { optimizer: { kind: 'adam' } })));
 */
export function buildGraph(
  network: Network,
  kind: Exclude<GraphKind, 'inference'>,
  { optimizer, loss: lossOptions, batch: images }: GraphOptions,
): Graph {
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
  const grad = hasForward ? forward() : b.input('grad', 'float32', p);
  if (kind === 'training' && grad !== undefined) give('grad', grad);
  if ((kind === 'step' || kind === 'optimizer') && grad !== undefined) update(grad);
  return b.finish(`${network.name}-${kind}`, outputs);

  /** Forward pass and loss; for training the backward pass too, whose flat gradient it returns. */
  function forward(): Value | undefined {
    const training = kind !== 'eval';
    const hasBuffers = state.buffers.size > 0;
    const carried = (['buffers', 'frozen'] as const)
      .filter((name) => state[name].size > 0)
      .map((name) => ({ layout: state[name], vector: b.input(name, 'float32', [state[name].size]) }));
    const x = b.input('input', 'float32', [batch, ...network.input]);
    const target = b.input('target', 'int32', [batch]);
    const named = new Map([
      ...unflattenInGraph(b, state.parameters, params),
      ...carried.flatMap(({ layout, vector }) => [...unflattenInGraph(b, layout, vector)]),
    ]);
    const next = new Map<string, Value>();
    const logits = buildNetwork(b, network, x, {
      training,
      take: ({ name }) => pick(named, name),
      step: stepNumber,
      update: (name, value) => void next.set(name, value),
    });
    const loss = crossEntropy(b, logits, target, training ? lossOptions : {});
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

  function update(gradient: Value): void {
    const slots = optimizerSlots(optimizer);
    const before = slots.map((name) => b.input(name, 'float32', p));
    const lr = b.input('lr', 'float32', []);
    const inputs = { params, grad: gradient, slots: before, lr, step: stepNumber() };
    const after = optimizerStep(b, optimizer, inputs);
    give('params_next', after.params);
    slots.forEach((name, i) => {
      give(`${name}_next`, at(after.slots, i));
    });
  }
}

/**
 * The inference graph of a network with its weights inside.
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
  if (value === undefined) throw new Error(`'${name}' has no value`);
  return value;
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`nothing at ${index}`);
  return value;
}
