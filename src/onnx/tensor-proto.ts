import type { onnx } from 'onnx-proto';
import { ModelError } from '../errors.js';
import { formatShape, newArray, staticSize, type TensorData, type TypedArray } from '../ir/index.js';
import { dtypeCode, dtypeOf, proto, toNumber } from './proto.js';

/** A tensor as ONNX stores it, little-endian. */
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
  if (tensor.dataLocation === proto.TensorProto.DataLocation.EXTERNAL) {
    throw new ModelError(
      `${at} lies in an external file; ort-train reads only models that hold their weights themselves`,
    );
  }
  const dtype = dtypeOf(tensor.dataType, at);
  const shape = (tensor.dims ?? []).map(toNumber);
  const size = staticSize(shape);
  const data = newArray(dtype, size);
  const raw = tensor.rawData;
  if (raw !== undefined && raw !== null && raw.length > 0) {
    if (raw.length !== data.byteLength) {
      throw new ModelError(
        `${at}: expected ${data.byteLength} bytes for ${dtype}${formatShape(shape)}, got ${raw.length}`,
      );
    }
    new Uint8Array(data.buffer).set(raw);
  } else {
    fill(data, typedData(tensor, dtype), at);
  }
  return { dtype, shape, data };
}

/** Values stored as protobuf numbers rather than bytes. */
function typedData(tensor: onnx.ITensorProto, dtype: TensorData['dtype']): readonly unknown[] {
  if (dtype === 'float32') return tensor.floatData ?? [];
  if (dtype === 'float64') return tensor.doubleData ?? [];
  return (dtype === 'int64' ? tensor.int64Data : tensor.int32Data) ?? [];
}

function fill(data: TypedArray, values: readonly unknown[], at: string): void {
  if (values.length !== data.length) {
    throw new ModelError(`${at}: expected ${data.length} elements, got ${values.length}`);
  }
  values.forEach((value, i) => {
    if (data instanceof BigInt64Array) data[i] = BigInt(String(value));
    else data[i] = toNumber(value);
  });
}
