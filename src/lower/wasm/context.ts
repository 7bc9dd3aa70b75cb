import type { Graph } from '../../ir/index.js';
import { Builder } from '../../ops/index.js';
import { linksOf, type Links } from '../rewrite/links.js';
import { Forms } from './forms.js';

/** What the rules of the wasm lowering see. */
export interface Context extends Links {
  readonly graph: Graph;
  readonly b: Builder;
  readonly f: Forms;
}

/** The context of a graph, nothing lowered yet. */
export function contextOf(graph: Graph): Context {
  const b = new Builder();
  return { graph, b, f: new Forms(b), ...linksOf(graph) };
}
