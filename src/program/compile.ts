import { lowerPortable } from '../lower/index.js';
import { encodeModel } from '../onnx/index.js';
import { buildForward, buildGraph, vectorBundles, type GraphKind, type GraphOptions } from './graphs.js';
import type { LayoutOptions, LoweringOptions, Target } from './target.js';
import type { Network, NodeReport, TargetState } from './types.js';

/** What a training run runs, and of which graph each is a run. */
const graphOf = { step: 'step', grad: 'training', update: 'optimizer', eval: 'eval' } as const;

/** A program of a training run. */
export type ProgramKind = keyof typeof graphOf;

/** A program's model in the form of one target. */
export interface TargetModel {
  readonly model: Uint8Array;
  /** Names of its inputs. */
  readonly inputs: readonly string[];
  /** Vectors of the state that it takes, and those that it gives anew, as results `params_next` and so on. */
  readonly takes: readonly string[];
  readonly gives: readonly string[];
  /** Its other results. */
  readonly given: readonly string[];
  /** What became of each node that has several forms. */
  readonly forms: readonly NodeReport[];
}

/** How the state of a run lies on a target: one layout for all of its graphs. */
export function layoutFor(
  target: Target,
  network: Network,
  { optimizer }: GraphOptions,
  choices?: LayoutOptions['choices'],
): TargetState {
  return target.layout(buildForward(network), { vectors: vectorBundles(network, optimizer), choices });
}

/** A program's model in a target's form. */
export function compileFor(
  target: Target,
  network: Network,
  kind: ProgramKind,
  graph: GraphOptions,
  options: LoweringOptions,
): TargetModel {
  const portable = buildGraph(network, graphOf[kind], graph);
  const lowering = target.lower(portable, options);
  const vectors = Object.keys(vectorBundles(network, graph.optimizer));
  const has = (ports: readonly { readonly name: string }[], name: string): boolean =>
    ports.some((port) => port.name === name);
  return {
    model: encodeModel(lowering.graph),
    inputs: lowering.graph.inputs.map(({ name }) => name),
    takes: vectors.filter((name) => has(portable.inputs, name)),
    gives: vectors.filter((name) => has(portable.outputs, `${name}_next`)),
    given: portable.outputs
      .map(({ name }) => name)
      .filter((name) => !vectors.some((vector) => name === `${vector}_next`)),
    forms: lowering.report,
  };
}

/** A graph's model in its portable form. */
export function compileModel(
  network: Network,
  kind: Exclude<GraphKind, 'inference'>,
  options: GraphOptions,
): Uint8Array {
  return encodeModel(lowerPortable(buildGraph(network, kind, options)));
}
