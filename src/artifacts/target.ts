import type { TensorData } from '../ir/index.js';
import { checkLowering, lowerCpu, probeBlockSize, type CheckReport, type ConvForm, type NodeReport, type TargetState } from '../lower/cpu/index.js';
import type { Network } from '../net/index.js';
import { encodeModel } from '../onnx/index.js';
import { buildGraph, type GraphOptions } from './graphs.js';

/** Named tensors, as sessions take and give them. */
export type NamedTensors = Readonly<Record<string, TensorData>>;

/** Loads a model, runs it once, disposes of it. */
export type RunModel = (model: Uint8Array, feeds: NamedTensors) => Promise<NamedTensors>;

/** A model in the form that one target runs best, for one batch size. */
export interface TargetModel {
  readonly model: Uint8Array;
  /** How flat vectors lie in it. */
  readonly state: TargetState;
  /** What became of each node that has several forms. */
  readonly forms: readonly NodeReport[];
}

/** What a lowered model is made for. */
export interface TargetOptions extends GraphOptions {
  readonly blockSize: number;
  readonly batch: number;
  /** By the name of a node: the form of a convolution; the others have the written heuristic's. */
  readonly choices?: Readonly<Record<string, ConvForm>>;
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

/** A network's step or eval model in the CPU's blocked form. */
export function compileForCpu(network: Network, kind: 'step' | 'eval', options: TargetOptions): TargetModel {
  const { graph, state, report } = lowerCpu(buildGraph(network, kind, withoutBatch(options)), options);
  return { model: encodeModel(graph), state, forms: report };
}

/**
 * Runs the portable and the CPU's form of a model on the same feeds and compares all that they give.
 *
 * @param feedsFor - Gives inputs of the portable model by their names, for `options.batch` images.
 */
export async function checkForCpu(
  network: Network,
  kind: 'training' | 'eval',
  options: TargetOptions,
  run: RunModel,
  feedsFor: (inputs: readonly string[]) => NamedTensors,
): Promise<CheckReport> {
  const portable = buildGraph(network, kind, withoutBatch(options));
  const lowering = lowerCpu(portable, options);
  return checkLowering(
    async (graph, given) => run(encodeModel(graph), given),
    portable,
    lowering,
    options.batch,
    feedsFor(portable.inputs.map(({ name }) => name)),
  );
}

/** The lowering fixes the batch itself. */
function withoutBatch({ optimizer, loss }: TargetOptions): GraphOptions {
  return { optimizer, ...(loss && { loss }) };
}
