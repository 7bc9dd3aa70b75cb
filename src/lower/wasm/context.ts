import type { Graph, Value } from '../../ir/index.js';
import { Builder } from '../../ops/index.js';
import { broadcastNorm, type BroadcastNorm } from '../rewrite/broadcast-norm.js';
import { dims4 } from '../rewrite/dims.js';
import { linksOf, type Links } from '../rewrite/links.js';
import { Forms } from './forms.js';

/** What the rules of the wasm lowering see. */
export interface Context extends Links {
  readonly graph: Graph;
  readonly b: Builder;
  readonly f: Forms;
  readonly norm: BroadcastNorm;
}

/** The context of a graph, nothing lowered yet. */
export function contextOf(graph: Graph): Context {
  const b = new Builder();
  const f = new Forms(b);
  const norm = broadcastNorm({
    ...{ b, f },
    image: (value) => f.hwcn(value),
    mean: (x) => channelMean(b, x),
    along: (vector) => b.reshape(vector, [Number(vector.shape[0]), 1]),
  });
  return { graph, b, f, norm, ...linksOf(graph) };
}

/**
 * Mean of each channel over batch and pixels: [H,W,C,N] -> [C]. Over the rows first: ONNX Runtime adds the runs of one
 * channel one after the other, and what H W of them lose shows where the mean is many deviations.
 */
function channelMean(b: Builder, x: Value): Value {
  const [h, w, c, n] = dims4(x);
  const lines = b.reduceMean(b.reshape(x, [h, w * c * n]), [0], false, 'row_mean');
  return b.reduceMean(b.reshape(lines, [w, c, n]), [0, 2], false, 'channel_mean');
}
