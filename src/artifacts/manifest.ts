import { CheckpointError } from '../errors.js';
import type { Network } from '../net/index.js';
import type { CrossEntropyOptions } from '../models/index.js';
import { OPSET, type Ports } from '../onnx/index.js';
import { optimizerSlots, type OptimizerOptions } from '../optim/index.js';
import { stateLayout } from '../program/index.js';
import type { Bundle } from '../ir/index.js';
import { version } from '../version.js';

/** File names inside an artifacts folder. */
export const artifactFiles = {
  training: 'training_model.onnx',
  eval: 'eval_model.onnx',
  optimizer: 'optimizer_model.onnx',
  inference: 'inference_model.onnx',
  checkpoint: 'checkpoint.safetensors',
  manifest: 'manifest.json',
} as const;

/** The four models of an artifacts folder. */
export type ArtifactModel = 'training' | 'eval' | 'optimizer' | 'inference';

/** A flat vector of the manifest: what lies where. */
export interface VectorManifest {
  /** Number of float32 elements. */
  readonly size: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly offset: number;
  }[];
}

/** What an artifacts folder holds, for programs in any language. */
export interface Manifest {
  readonly format: 'ort-train-artifacts/1';
  readonly producer: string;
  readonly opset: number;
  /** What the models are made for. */
  readonly network: {
    readonly name: string;
    readonly input: readonly [channels: number, height: number, width: number];
    readonly classes: number;
  };
  /** That of the optimizer model. */
  readonly optimizer: OptimizerOptions;
  /** That of the training model. */
  readonly loss: CrossEntropyOptions;
  /** Inputs and outputs of each `.onnx` file. */
  readonly models: Readonly<Record<ArtifactModel, Ports & { readonly file: string }>>;
  /** Where the initial weights are. */
  readonly checkpoint: { readonly file: string };
  /** Layout of the vector `params`. */
  readonly parameters: VectorManifest;
  /** Layout of the vector `buffers`. */
  readonly buffers: VectorManifest;
  /** Layout of the vector `frozen`. */
  readonly frozen: VectorManifest;
  /** Vectors that the optimizer keeps, each as long as `params`, zero at the start. */
  readonly optimizerSlots: readonly string[];
}

/** Describes a network's artifacts. */
export function describeArtifacts(
  network: Network,
  optimizer: OptimizerOptions,
  loss: CrossEntropyOptions,
  ports: Readonly<Record<ArtifactModel, Ports>>,
): Manifest {
  const layout = stateLayout(network);
  const describe = (kind: ArtifactModel): Manifest['models'][ArtifactModel] => ({
    file: artifactFiles[kind],
    ...ports[kind],
  });
  return {
    format: 'ort-train-artifacts/1',
    producer: `ort-train ${version}`,
    opset: OPSET,
    network: { name: network.name, input: network.input, classes: network.classes },
    optimizer,
    loss,
    models: {
      training: describe('training'),
      eval: describe('eval'),
      optimizer: describe('optimizer'),
      inference: describe('inference'),
    },
    checkpoint: { file: artifactFiles.checkpoint },
    parameters: vector(layout.parameters),
    buffers: vector(layout.buffers),
    frozen: vector(layout.frozen),
    optimizerSlots: optimizerSlots(optimizer),
  };
}

/** Reads a manifest. Throws CheckpointError for text that is not one. */
export function parseManifest(text: string, where: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(`${where}: not JSON (${String(error)})`, { cause: error });
  }
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (format !== 'ort-train-artifacts/1') {
    throw new CheckpointError(`${where}: expected format 'ort-train-artifacts/1', got '${String(format)}'`);
  }
  return value as Manifest;
}

function vector({ slots, size }: Bundle): VectorManifest {
  return { size, tensors: slots.map(({ name, shape, offset }) => ({ name, shape, offset })) };
}
