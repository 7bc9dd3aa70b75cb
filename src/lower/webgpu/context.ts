import type { Graph } from '../../ir/index.js';
import { Builder } from '../../ops/index.js';
import { broadcastNorm, type BroadcastNorm } from '../rewrite/broadcast-norm.js';
import { linksOf, type Links } from '../rewrite/links.js';
import { Forms } from './forms.js';
import { channelMean } from './reduce.js';

/** What the rules of the WebGPU lowering see. */
export interface Context extends Links {
  readonly graph: Graph;
  readonly b: Builder;
  readonly f: Forms;
  readonly norm: BroadcastNorm;
  /** By the name of a node: the form that it is to have; the others have the written heuristic's. */
  readonly choices: Readonly<Record<string, string>>;
}

/** The context of a graph, nothing lowered yet. */
export function contextOf(graph: Graph, choices: Context['choices'] = {}): Context {
  const b = new Builder();
  const f = new Forms(b);
  const norm = broadcastNorm({
    ...{ b, f },
    image: (value) => f.nhwc(value),
    mean: (x) => channelMean(f, x),
    along: (vector) => vector,
  });
  return { graph, b, f, norm, ...linksOf(graph), choices };
}
