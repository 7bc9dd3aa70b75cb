import type { Graph, TensorData } from '../ir/index.js';
import type { Lowering, TargetState, VectorBundles } from '../lower/index.js';
import type { Tunable } from '../lower/cpu/index.js';

/** Named tensors, as sessions take and give them. */
export type NamedTensors = Readonly<Record<string, TensorData>>;

/** Loads a model, runs it once, disposes of it. */
export type RunModel = (model: Uint8Array, feeds: NamedTensors) => Promise<NamedTensors>;

/** What a lowering is made for. */
export interface LoweringOptions {
  /** Images in a batch; the lowered graph takes this many and no other number. */
  readonly batch: number;
  /** By the name of a node: the form that it is to have; the others have the written heuristic's. */
  readonly choices?: Readonly<Record<string, string>>;
  /** How the state lies; `layoutFor` makes it. */
  readonly layout: TargetState;
}

/** What a target is to lay out. */
export interface LayoutOptions {
  readonly vectors: VectorBundles;
  /** Those that the graphs are lowered with. */
  readonly choices?: Readonly<Record<string, string>> | undefined;
}

/** A form of graphs, and how they are run in it. */
export interface Target {
  /** `portable`: standard operators; the others are a kind of device's own. */
  readonly name: 'portable' | 'cpu' | 'wasm' | 'webgpu';
  /** Whether a graph takes batches of any size; otherwise it is lowered for each size. */
  readonly anyBatch: boolean;
  /**
   * Whether the state stays in the device's memory, where what one run gives is what the next one reads: then the device
   * goes on while the host does not wait.
   */
  readonly keepsState: boolean;
  /** Channels in a block, where tensors are blocked. */
  readonly blockSize?: number;
  /**
   * Where the portable form runs that the lowered one is compared with, in order of preference; default: on the same
   * device. Then a difference is an error, for the device's own portable form is not to be believed either.
   */
  readonly reference?: readonly string[];
  /** Lays out the state of a run, for graphs of all kinds and batch sizes; `forward` is a network's forward pass. */
  layout(forward: Graph, options: LayoutOptions): TargetState;
  /** Rewrites a portable graph, composite operators included. */
  lower(portable: Graph, options: LoweringOptions): Lowering;
  /** The nodes with several forms, of which the fastest is measured; absent where the heuristic chooses all of them. */
  tunables?(portable: Graph, batch: number): readonly Tunable[];
}
