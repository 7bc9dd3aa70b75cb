import type { onnx } from 'onnx-proto';
import { checkWhole } from '../checks.js';
import { ModelError } from '../errors.js';
import type { Graph } from '../ir/index.js';
import { encodeGraph } from './encode-graph.js';
import { IR_VERSION, OPSET, splitOpName } from './format.js';
import { proto } from './proto.js';

/** Largest message that protobuf can hold. */
const MAX_BYTES = 2 ** 31 - 1;

/** What a model holds besides its graph. */
export interface EncodeOptions {
  /** Version of the standard operator set; default 18. It is recorded only: operators are not converted. */
  readonly opset?: number;
  /** Free text by name: class labels, normalisation, provenance. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Version of the program that made the model. */
  readonly producerVersion?: string;
  /** A description, shown by Netron. */
  readonly docString?: string;
  /** Versions of other operator domains; those that the graph uses and this leaves out get version 1. */
  readonly domains?: Readonly<Record<string, number>>;
}

/**
 * The bytes of an `.onnx` file (IR version 8). Weights are stored as raw little-endian data and copied once, so that
 * the peak is about twice their size. An operator named `com.microsoft.Name` goes into that domain.
 *
 * Throws GraphError for what ONNX does not have (lower the graph first), ModelError for a model of more than 2 GB, and
 * OptionError for versions that are no whole numbers of at least 1.
 *
 * @example
 * writeFileSync('model.onnx', encodeModel(lowerPortable(graph), { metadata: { author: 'me' } }));
 */
export function encodeModel(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  const weights = graph.constants.reduce((sum, { tensor }) => sum + tensor.data.byteLength, 0);
  checkModelSize(graph.name, weights);
  const model: onnx.IModelProto = {
    irVersion: IR_VERSION,
    producerName: 'ort-train',
    producerVersion: options.producerVersion ?? '',
    docString: options.docString ?? '',
    opsetImport: opsetImports(graph, options),
    graph: encodeGraph(graph),
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  };
  // The writer knows its length before `finish` allocates.
  const writer = proto.ModelProto.encode(model);
  checkModelSize(graph.name, writer.len);
  const bytes = writer.finish();
  // A small message may lie in a shared pool.
  if (bytes.buffer.byteLength !== bytes.byteLength) return new Uint8Array(bytes);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Throws ModelError for a model too large for protobuf. */
export function checkModelSize(name: string, bytes: number): void {
  if (bytes <= MAX_BYTES) return;
  throw new ModelError(
    `${name}: expected a model of at most ${MAX_BYTES} bytes (the limit of protobuf), got ${bytes} bytes; ` +
      'make the network smaller, or keep the weights in a checkpoint and pass them to the graph as inputs',
  );
}

function opsetImports(
  graph: Graph,
  { opset = OPSET, domains = {} }: EncodeOptions,
): onnx.IOperatorSetIdProto[] {
  const versions = new Map<string, number>([['', opset]]);
  for (const node of graph.nodes) {
    const [domain] = splitOpName(node.op.name);
    if (domain !== '') versions.set(domain, 1);
  }
  for (const [domain, version] of Object.entries(domains)) versions.set(domain, version);
  return [...versions].map(([domain, version]) => {
    checkWhole(domain === '' ? 'opset' : `domains['${domain}']`, version, 1);
    return { domain, version };
  });
}
