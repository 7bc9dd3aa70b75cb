import { checkLowering, TOLERANCE, type CheckReport } from './check.js';
import {
  portableState,
  type Lowering,
  type NodeReport,
  type VectorBundles,
  type TargetState,
} from '../lower/index.js';
import type { TensorData, Graph } from '../ir/index.js';
import { layoutCpu, lowerCpu, probeBlockSize, tunables, type Tunable } from '../lower/cpu/index.js';
import { lowerWasm } from '../lower/wasm/index.js';
import { layoutWebgpu, lowerWebgpu } from '../lower/webgpu/index.js';
import type { Network } from '../net/index.js';
import { encodeModel } from '../onnx/index.js';
import { buildForward, buildGraph, vectorBundles, type GraphOptions } from './graphs.js';

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

/** A kind of device with graphs in a form of its own. */
export interface Target {
  readonly name: 'cpu' | 'wasm' | 'webgpu';
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

/** ONNX Runtime's CPU provider with blocked tensors of `blockSize` channels; see `findBlockSize`. */
export function cpuTarget(blockSize: number): Target {
  return {
    name: 'cpu',
    blockSize,
    layout: (forward, options) => layoutCpu(forward, { ...options, blockSize }),
    lower: (portable, options) => lowerCpu(portable, { ...options, blockSize }),
    tunables: (portable, batch) => tunables(portable, { blockSize, batch }),
  };
}

/** onnxruntime-web's WebAssembly. */
export const wasmTarget: Target = { name: 'wasm', layout: () => portableState, lower: lowerWasm };

/** ONNX Runtime's WebGPU provider, whose numbers are held against those of the CPU. */
export const webgpuTarget: Target = {
  name: 'webgpu',
  reference: ['cpu', 'wasm'],
  layout: (_, { vectors }) => layoutWebgpu(vectors),
  lower: lowerWebgpu,
};

/** A model in the form that one target runs best, for one batch size. */
export interface TargetModel {
  readonly model: Uint8Array;
  /** Names of its results. */
  readonly results: readonly string[];
  /** What became of each node that has several forms. */
  readonly forms: readonly NodeReport[];
}

/** Channels in a block of the runtime's blocked layout, undefined where it has none. */
export function findBlockSize(run: RunModel): Promise<number | undefined> {
  return probeBlockSize(async (graph, data) => {
    const [x] = graph.inputs;
    const [y] = graph.outputs;
    const shape = x?.shape.map(Number) ?? [];
    const results = await run(encodeModel(graph), { [x?.name ?? '']: { dtype: 'float32', shape, data } });
    return Float32Array.from(results[y?.name ?? '']?.data ?? [], Number);
  });
}

/** How the state of a run lies on a target: one layout for all of its graphs. */
export function layoutFor(
  target: Target,
  network: Network,
  { optimizer }: GraphOptions,
  choices?: LayoutOptions['choices'],
): TargetState {
  return target.layout(buildForward(network), { vectors: vectorBundles(network, optimizer), choices });
}

/** A network's step or eval model in a target's form. */
export function compileFor(
  target: Target,
  network: Network,
  kind: 'step' | 'eval',
  graph: GraphOptions,
  options: LoweringOptions,
): TargetModel {
  const lowering = target.lower(buildGraph(network, kind, graph), options);
  return {
    model: encodeModel(lowering.graph),
    results: lowering.graph.outputs.map(({ name }) => name),
    forms: lowering.report,
  };
}

/** How the two forms of a model are run, and on what. */
export interface CheckSetup {
  /** Runs the lowered form. */
  readonly run: RunModel;
  /** Runs the portable form; default: as the lowered one. */
  readonly runPortable?: RunModel;
  /** Inputs of the portable model by their names, for the batch that the lowering is made for. */
  readonly feedsFor: (inputs: readonly string[]) => NamedTensors;
}

/** The two forms of a model, to be compared. */
export interface CheckedForms {
  readonly kind: 'training' | 'eval';
  readonly portable: Graph;
  readonly lowering: Lowering;
  readonly layout: TargetState;
  /** The target's form. */
  readonly model: Uint8Array;
}

/** Both forms of a model, as `checkForms` compares them. */
export function formsToCheck(
  target: Target,
  network: Network,
  kind: CheckedForms['kind'],
  graph: GraphOptions,
  options: LoweringOptions,
): CheckedForms {
  const portable = buildGraph(network, kind, graph);
  const lowering = target.lower(portable, options);
  return { kind, portable, lowering, layout: options.layout, model: encodeModel(lowering.graph) };
}

/** Runs the portable and the target's form of a model on the same feeds and compares all that they give. */
export function checkForms(
  { portable, lowering, layout, model }: Omit<CheckedForms, 'kind'>,
  batch: number,
  { run, runPortable = run, feedsFor }: CheckSetup,
): Promise<CheckReport> {
  return checkLowering(
    {
      lowered: (_, feeds) => run(model, feeds),
      portable: (each, feeds) => runPortable(encodeModel(each), feeds),
    },
    ...([
      portable,
      { ...lowering, layout },
      batch,
      feedsFor(portable.inputs.map(({ name }) => name)),
    ] as const),
  );
}

/** Where the two forms of a model part. */
export interface FirstDifference {
  readonly layer: string;
  /** Name of the value in the portable graph. */
  readonly value: string;
  /** Largest difference, relative to the largest number; infinite where one side is not finite. */
  readonly difference: number;
}

/**
 * The first layer, in the order of the graph, after which the two forms of a model differ; undefined where none does. Each
 * layer's last value is made a result of both forms.
 */
export async function firstDifference(
  target: Target,
  network: Network,
  kind: 'training' | 'eval',
  graph: GraphOptions,
  options: LoweringOptions,
  setup: CheckSetup,
): Promise<FirstDifference | undefined> {
  const portable = buildGraph(network, kind, graph);
  const ends = portable.nodes.flatMap(({ layer, outputs: [value] }, i) => {
    const isLast = layer !== '' && portable.nodes[i + 1]?.layer !== layer;
    return isLast && value?.dtype === 'float32' ? [{ layer, value, name: `end.${i}` }] : [];
  });
  const shown = { ...portable, outputs: ends };
  const lowering = target.lower(shown, options);
  const { layout } = options;
  const forms = { portable: shown, lowering, layout, model: encodeModel(lowering.graph) };
  const { differences } = await checkForms(forms, options.batch, setup);
  const found = ends.find(({ name }) => (differences[name] ?? 0) > TOLERANCE);
  if (found === undefined) return undefined;
  return { layer: found.layer, value: found.value.name, difference: differences[found.name] ?? Infinity };
}
