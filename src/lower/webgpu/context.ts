import type { Graph, Value } from '../../ir/index.js';
import { Builder } from '../../ops/index.js';
import { linksOf, type Links } from '../rewrite/links.js';
import type { Moved } from './batch-norm.js';
import { Forms } from './forms.js';

/** What the rules of the WebGPU lowering see. */
export interface Context extends Links {
  readonly graph: Graph;
  readonly b: Builder;
  readonly f: Forms;
  /** Running statistics of the portable graph that are not moved yet. */
  readonly moved: Map<Value, Moved>;
  /** By the name of a node: the form that it is to have; the others have the written heuristic's. */
  readonly choices: Readonly<Record<string, string>>;
}

/** The context of a graph, nothing lowered yet. */
export function contextOf(graph: Graph, choices: Context['choices'] = {}): Context {
  const b = new Builder();
  return { graph, b, f: new Forms(b), moved: new Map(), ...linksOf(graph), choices };
}
