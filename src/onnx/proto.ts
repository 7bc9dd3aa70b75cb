import onnxProto from 'onnx-proto';
import { ModelError } from '../errors.js';
import type { DType, Dim } from '../ir/index.js';

/** The protobuf classes of ONNX. Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
export const proto = onnxProto.onnx;

/** The standard-domain operator set that ort-train writes; ONNX Runtime reads it since 1.14. */
export const OPSET = 18;

/** The version of the file format that belongs to the operator set. */
export const IR_VERSION = 8;

const codes: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/** ONNX's number for a dtype. */
export function dtypeCode(dtype: DType): number {
  return codes[dtype];
}

/** The dtype of ONNX's number; one that ort-train does not handle is a ModelError. */
export function dtypeOf(code: number | null | undefined, where: string): DType {
  for (const [dtype, known] of Object.entries(codes)) if (known === code) return dtype as DType;
  const handled = Object.keys(codes).join(', ');
  throw new ModelError(
    `${where}: element type ${code ?? 'missing'} is not supported (supported: ${handled})`,
  );
}

/** A number from protobufjs, which gives 64-bit integers as objects. */
export function toNumber(value: unknown): number {
  return Number(String(value));
}

/** A dimension of a type annotation. */
export function toDim(dim: { dimValue?: unknown; dimParam?: string | null }, unknown: string): Dim {
  if (dim.dimParam !== undefined && dim.dimParam !== null && dim.dimParam !== '') return dim.dimParam;
  const value = dim.dimValue === undefined || dim.dimValue === null ? 0 : toNumber(dim.dimValue);
  return value > 0 ? value : unknown;
}
