import { CheckpointError } from '../errors.js';
import {
  formatShape,
  newArray,
  typedArrays,
  type DType,
  type TensorData,
  type TypedArray,
} from '../ir/index.js';
import { parseHeader, type HeaderEntry } from './safetensors-header.js';

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** In the order of their bytes. Views of the file where the alignment allows it, else copies. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** What the file says of itself, under `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
}

interface Format {
  /** Name in the file. */
  readonly code: string;
  /** Bytes for each element. */
  readonly width: number;
}

const formats: Readonly<Record<DType, Format>> = {
  float32: { code: 'F32', width: 4 },
  float64: { code: 'F64', width: 8 },
  int32: { code: 'I32', width: 4 },
  int64: { code: 'I64', width: 8 },
  uint8: { code: 'U8', width: 1 },
  bool: { code: 'BOOL', width: 1 },
};

/** Longest header that the reference implementation reads, in bytes. */
const MAX_HEADER = 100_000_000;

/**
 * The bytes of a safetensors file: tensors in the map's order, little-endian, the header padded with spaces to 8 bytes.
 * Source: https://github.com/huggingface/safetensors#format
 *
 * Throws CheckpointError for a tensor whose data do not fit its shape and for names that the format cannot hold.
 *
 * @example
 * const bytes = encodeSafetensors(new Map([['b', { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) }]]));
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  for (const [name, tensor] of tensors) checkTensor(name, tensor);
  const { bytes, parts } = layOutSafetensors(tensors, metadata);
  for (const [name, { data }] of tensors) {
    parts.get(name)?.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return bytes;
}

/** A safetensors file whose data are still zero, and where in it the data of each tensor lie. */
export function layOutSafetensors(
  tensors: ReadonlyMap<string, Pick<TensorData, 'dtype' | 'shape'>>,
  metadata: Readonly<Record<string, string>>,
): { readonly bytes: Uint8Array; readonly parts: ReadonlyMap<string, Uint8Array> } {
  let end = 0;
  // Joined by hand: an object would put names such as "0" first.
  const fields = Object.keys(metadata).length === 0 ? [] : [`"__metadata__":${JSON.stringify(metadata)}`];
  const ranges: [name: string, start: number, end: number][] = [];
  for (const [name, { dtype, shape }] of tensors) {
    const start = end;
    end += byteSize(dtype, shape);
    ranges.push([name, start, end]);
    const info = { dtype: formats[dtype].code, shape, data_offsets: [start, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  const headerSize = Math.ceil(text.length / 8) * 8;
  if (headerSize > MAX_HEADER) {
    throw new CheckpointError(
      `safetensors: expected a header of at most ${MAX_HEADER} bytes, got ${headerSize}`,
    );
  }
  const bytes = new Uint8Array(8 + headerSize + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerSize), true);
  bytes.fill(0x20, 8, 8 + headerSize);
  bytes.set(text, 8);
  const data = bytes.subarray(8 + headerSize);
  return { bytes, parts: new Map(ranges.map(([name, from, to]) => [name, data.subarray(from, to)])) };
}

function byteSize(dtype: DType, shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, formats[dtype].width);
}

function checkTensor(name: string, { dtype, shape, data }: TensorData): void {
  const at = `safetensors: tensor '${name}'`;
  if (name === '__metadata__')
    throw new CheckpointError(`${at}: expected another name, this one is reserved`);
  if (/\p{Surrogate}/u.test(name)) {
    throw new CheckpointError(
      `${at}: expected a name of whole Unicode characters, got half a surrogate pair`,
    );
  }
  const bytes = byteSize(dtype, shape);
  if (bytes !== data.byteLength) {
    throw new CheckpointError(
      `${at}: expected ${bytes} bytes for ${dtype}${formatShape(shape)}, got ${data.byteLength}`,
    );
  }
}

/**
 * Reads a safetensors file, with the checks of the reference implementation. `source` names the file in errors. The
 * tensors share memory with `bytes` where they are aligned: copy before changing either.
 *
 * Throws CheckpointError for a file that is damaged in any way, and for dtypes other than F32, F64, I64, I32, U8, BOOL.
 *
 * @example
 * const { tensors } = decodeSafetensors(readFileSync('init.safetensors'), 'init.safetensors');
 */
export function decodeSafetensors(bytes: Uint8Array, source: string): SafetensorsFile {
  const headerSize = headerLength(bytes, source);
  const { entries, metadata } = parseHeader(bytes.subarray(8, 8 + headerSize), source);
  const dataSize = bytes.length - 8 - headerSize;
  const sorted = entries.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const tensors = new Map<string, TensorData>();
  let reached = 0;
  for (const entry of sorted) {
    const at = `${source}: tensor '${entry.name}'`;
    if (entry.start !== reached) {
      const problem = entry.start < reached ? 'overlaps the one before it' : 'leaves a hole before it';
      throw new CheckpointError(
        `${at}: expected its data to start at byte ${reached}, got ${entry.start}, which ${problem}`,
      );
    }
    const dtype = checkEntry(entry, dataSize, at);
    tensors.set(entry.name, {
      dtype,
      shape: entry.shape,
      data: elements(bytes, dtype, 8 + headerSize + entry.start, entry.end - entry.start),
    });
    reached = entry.end;
  }
  if (reached !== dataSize) {
    throw new CheckpointError(
      `${source}: expected ${reached} bytes of data, as the header says, got ${dataSize}`,
    );
  }
  return { tensors, metadata };
}

function headerLength(bytes: Uint8Array, source: string): number {
  if (bytes.length < 8) {
    throw new CheckpointError(
      `${source}: expected a safetensors file of 8 bytes or more, got ${bytes.length}`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    throw new CheckpointError(
      `${source}: expected a header of at most ${MAX_HEADER} bytes, got ${length.toString()}`,
    );
  }
  if (length > BigInt(bytes.length - 8)) {
    throw new CheckpointError(
      `${source}: expected a header of ${length.toString()} bytes, got a file that ends ${bytes.length - 8} bytes after its length`,
    );
  }
  return Number(length);
}

function checkEntry({ dtype: code, shape, start, end }: HeaderEntry, dataSize: number, at: string): DType {
  const found = Object.entries(formats).find(([, format]) => format.code === code);
  if (found === undefined) {
    const supported = Object.values(formats).map((format) => format.code);
    throw new CheckpointError(`${at}: expected a dtype of ${supported.join(', ')}, got ${code}`);
  }
  const [dtype, { width }] = found;
  const size = shape.reduce((product, dim) => product * dim, width);
  if (end < start || size !== end - start) {
    throw new CheckpointError(
      `${at}: expected ${size} bytes for ${code} ${formatShape(shape)}, got ${end - start}`,
    );
  }
  if (end > dataSize) {
    throw new CheckpointError(`${at}: expected its data to end within ${dataSize} bytes, got ${end}`);
  }
  return dtype as DType;
}

function elements(bytes: Uint8Array, dtype: DType, at: number, size: number): TypedArray {
  const { width } = formats[dtype];
  const offset = bytes.byteOffset + at;
  // An ArrayBuffer only: a SharedArrayBuffer may change under a checkpoint that was just verified.
  if (offset % width === 0 && bytes.buffer instanceof ArrayBuffer) {
    return new typedArrays[dtype](bytes.buffer, offset, size / width);
  }
  const copy = newArray(dtype, size / width);
  new Uint8Array(copy.buffer).set(bytes.subarray(at, at + size));
  return copy;
}
