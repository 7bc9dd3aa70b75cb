import { useCounts, type Graph, type Value } from '../../ir/index.js';
import { Builder } from '../../ops/index.js';
import { linksOf, type Links } from '../rewrite/links.js';
import { Forms } from './forms.js';

/** What the rules of the CPU lowering see. */
export interface Context extends Links {
  readonly graph: Graph;
  readonly b: Builder;
  readonly f: Forms;
  /** How often each value of the portable graph is used. */
  readonly counts: ReadonlyMap<Value, number>;
  /** By the name of a node: the form that it is to have; the others have the written heuristic's. */
  readonly choices: Choices;
}

/** Forms by the names of nodes. */
export type Choices = Readonly<Record<string, string>>;

/** The context of a graph, nothing lowered yet. */
export function contextOf(graph: Graph, block: number, choices: Choices = {}): Context {
  const b = new Builder();
  return { graph, b, f: new Forms(b, block), counts: useCounts(graph), ...linksOf(graph), choices };
}
