import type { Graph } from '../../ir/index.js';
import { Builder } from '../../ops/index.js';
import { linksOf, type Links } from '../rewrite/links.js';
import { Forms } from './forms.js';

/** What the rules of the wasm lowering see. */
export interface Context extends Links {
  readonly graph: Graph;
  readonly b: Builder;
  readonly f: Forms;
  /** By the name of a node: the form that it is to have; the others have the written heuristic's. */
  readonly choices: Readonly<Record<string, string>>;
  /** Whether zeros and ties must stay what they are: see WasmOptions. */
  readonly adaptive: boolean;
  /** Whether images are to be pixel by pixel where one way costs as much as the other: most convolutions want them so. */
  readonly prefersPixels: boolean;
}

/** The context of a graph, nothing lowered yet, no layout preferred. */
export function contextOf(graph: Graph, choices: Context['choices'] = {}, adaptive = false): Context {
  const b = new Builder();
  return { graph, b, f: new Forms(b), ...linksOf(graph), choices, adaptive, prefersPixels: false };
}
