import type * as artifacts from '../src/artifacts/index.js';
import type * as ir from '../src/ir/index.js';
import type * as lower from '../src/lower/index.js';
import type * as models from '../src/models/index.js';
import type * as onnx from '../src/onnx/index.js';

/** What the script takes of ort-train. */
export type Library = Pick<typeof artifacts, 'buildGraph' | 'buildInferenceGraph'> &
  Pick<typeof ir, 'print'> &
  Pick<typeof lower, 'lowerPortable'> &
  Pick<typeof models, 'presetNetwork'> &
  Pick<typeof onnx, 'encodeModel'>;

/** Kinds of graph by network. */
export type Committed = Readonly<Partial<Record<models.PresetName, readonly artifacts.GraphKind[]>>>;

export const committed: Committed;
export function graphFiles(lib: Library, networks?: Committed): ReadonlyMap<string, Uint8Array>;
export function drift(files: ReadonlyMap<string, Uint8Array>, folder: string): readonly string[];
