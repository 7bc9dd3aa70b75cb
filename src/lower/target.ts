import type { Graph } from '../ir/index.js';

/** The form of one node that has several forms, or for which the target has none. */
export interface NodeReport {
  readonly node: string;
  readonly op: string;
  /** The layer that it came from, '' outside any. */
  readonly layer: string;
  /** What it computes, or whose gradient: `grouped convolution`. */
  readonly what: string;
  /** `portable`: as it was; the others are the target's own. */
  readonly form: string;
  /** Its shares of the graph, 0 to 1, counted and not measured: of the multiply-adds, and of the numbers read and written. */
  readonly cost: { readonly multiplyAdds: number; readonly moved: number };
}

/** A graph in the form that one target runs best. */
export interface Lowering {
  readonly graph: Graph;
  readonly report: readonly NodeReport[];
}
