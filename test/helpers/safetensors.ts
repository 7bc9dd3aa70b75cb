import { ndarray, type NdArray } from '../reference/array.js';

/** A safetensors file as the tests want it: tensors of float64 numbers, metadata parsed. */
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, NdArray>;
  /** The golden files hold JSON in each value. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Reads a safetensors file, independently of `src/`: u64 header length, JSON header, little-endian data. */
export function readSafeTensors(bytes: Uint8Array): SafeTensors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Record<string, unknown>;
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = new Map<string, NdArray>();
  for (const [name, value] of Object.entries(entries)) {
    const { dtype, shape, data_offsets } = value as Entry;
    const [width, read] = reader(dtype, view);
    const [from, to] = data_offsets;
    const values = Array.from({ length: (to - from) / width }, (_, i) => read(start + from + i * width));
    tensors.set(name, ndarray(shape, values));
  }
  const parsed = Object.entries(metadata as Record<string, string>).map(
    ([key, text]) => [key, JSON.parse(text) as unknown] as const,
  );
  return { tensors, metadata: Object.fromEntries(parsed) };
}

function reader(dtype: string, view: DataView): readonly [width: number, read: (at: number) => number] {
  switch (dtype) {
    case 'F32':
      return [4, (at) => view.getFloat32(at, true)];
    case 'F64':
      return [8, (at) => view.getFloat64(at, true)];
    case 'I64':
      return [8, (at) => Number(view.getBigInt64(at, true))];
    default:
      throw new TypeError(`test reader: dtype ${dtype}`);
  }
}
