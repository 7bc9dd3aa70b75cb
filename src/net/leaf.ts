import type { Value } from '../ir/index.js';
import type { LayerContext, Net } from './net.js';

/** A layer without children, built inside a layer of its own: `name`, or `kind` and a running number. */
export function leaf(
  kind: string,
  label: string,
  name: string | undefined,
  build: (context: LayerContext, x: Value) => Value,
): Net {
  return { kind, label, children: [], build: (c, x) => c.layer(kind, name, () => build(c, x)) };
}
