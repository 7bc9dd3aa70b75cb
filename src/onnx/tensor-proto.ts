import type { onnx } from 'onnx-proto';
import { ModelError } from '../errors.js';
import { formatShape, newArray, type DType, type TensorData, type TypedArray } from '../ir/index.js';
import { dtypeCode, dtypeOf, toNumber } from './format.js';
import { proto } from './proto.js';

const widths: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  int64: 8,
  uint8: 1,
  bool: 1,
};

/**
 * A tensor as ONNX stores it. `rawData` is a view, so that the weights are copied once only, into the file; it is
 * little-endian because every machine that ONNX Runtime supports in JavaScript is.
 */
export function encodeTensor(name: string, { dtype, shape, data }: TensorData): onnx.ITensorProto {
  return {
    name,
    dataType: dtypeCode(dtype),
    dims: [...shape],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** A tensor out of a model. Weights in other files are refused: what was read would not be the whole model. */
export function decodeTensor(tensor: onnx.ITensorProto, where: string): TensorData {
  const at = `${where}: tensor '${tensor.name ?? ''}'`;
  const external = tensor.externalData ?? [];
  if (tensor.dataLocation === proto.TensorProto.DataLocation.EXTERNAL || external.length > 0) {
    const file = external.find(({ key }) => key === 'location')?.value ?? 'another file';
    throw new ModelError(
      `${at}: its data lie in '${file}'; expected a model that holds its weights itself (save it without external data)`,
    );
  }
  const dtype = dtypeOf(tensor.dataType, at);
  const shape = (tensor.dims ?? []).map((dim) => toNumber(dim, at));
  const raw = tensor.rawData ?? new Uint8Array();
  const values = typedData(tensor, dtype);
  const type = `${dtype}${formatShape(shape)}`;
  if (shape.some((dim) => dim < 0)) throw new ModelError(`${at}: expected sizes of 0 or more, got ${type}`);
  // Before anything is allocated: the sizes come from the file.
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (raw.length > 0 ? raw.length !== size * widths[dtype] : values.length !== size) {
    const got = raw.length > 0 ? `${raw.length} bytes` : `${values.length} elements`;
    throw new ModelError(
      `${at}: expected ${size} elements (${size * widths[dtype]} bytes) for ${type}, got ${got}`,
    );
  }
  const data = newArray(dtype, size);
  if (raw.length > 0) new Uint8Array(data.buffer).set(raw);
  else fill(data, values);
  return { dtype, shape, data };
}

/** Values stored as protobuf numbers rather than bytes. */
function typedData(tensor: onnx.ITensorProto, dtype: DType): readonly unknown[] {
  if (dtype === 'float32') return tensor.floatData ?? [];
  if (dtype === 'float64') return tensor.doubleData ?? [];
  return (dtype === 'int64' ? tensor.int64Data : tensor.int32Data) ?? [];
}

function fill(data: TypedArray, values: readonly unknown[]): void {
  values.forEach((value, i) => {
    // Long objects print exactly; Number() would lose the low bits.
    if (data instanceof BigInt64Array) data[i] = BigInt(String(value));
    else data[i] = Number(value);
  });
}
