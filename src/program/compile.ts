import { lowerPortable } from '../lower/index.js';
import type { Network } from '../net/index.js';
import { encodeModel } from '../onnx/index.js';
import { buildGraph, type GraphKind, type GraphOptions } from './graphs.js';

/** The models that a training run loads, as bytes for a session. */
export function compileModel(
  network: Network,
  kind: Exclude<GraphKind, 'inference'>,
  options: GraphOptions,
): Uint8Array {
  return encodeModel(lowerPortable(buildGraph(network, kind, options)));
}
