import type { Graph, TensorData } from '../ir/index.js';

/** What became of one node that has several forms, or that the target has no form for. */
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
  /** How the flat vectors lie in it. */
  readonly state: TargetState;
  readonly report: readonly NodeReport[];
}

/**
 * The flat vectors of a portable graph (parameters, moments, frozen weights) as a lowered graph wants them, by the name of
 * the input. A vector that lies as in the portable graph is handed on as it is.
 */
export interface TargetState {
  /** Elements of the vector in the target's layout. */
  size(name: string, portable: number): number;
  /** A portable vector in the target's layout; elements that fill up blocks are zero, and stay zero in training. */
  toTarget(name: string, flat: Float32Array): Float32Array;
  /** The inverse of `toTarget`: for checkpoints. */
  fromTarget(name: string, target: Float32Array): Float32Array;
  /**
   * The inputs that make up a vector, as views of it: each large tensor is one, and all small ones are one; or, with a
   * suffix such as `_next`, the outputs.
   */
  tensors(name: string, target: Float32Array, suffix?: string): Readonly<Record<string, TensorData>>;
}
