import { ModelError } from '../errors.js';
import type { DType, Dim } from '../ir/index.js';

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

// TensorProto.DataType by number, so that an error can name what ort-train does not read.
const dataTypes = (
  'undefined,float32,uint8,int8,uint16,int16,int32,int64,string,bool,float16,float64,uint32,uint64,' +
  'complex64,complex128,bfloat16,float8e4m3fn,float8e4m3fnuz,float8e5m2,float8e5m2fnuz,uint4,int4,float4e2m1'
).split(',');

/** ONNX's number for a dtype. */
export function dtypeCode(dtype: DType): number {
  return codes[dtype];
}

/** The dtype of ONNX's number, undefined for one that ort-train does not handle. */
export function findDType(code: number | null | undefined): DType | undefined {
  for (const [dtype, known] of Object.entries(codes)) if (known === code) return dtype as DType;
  return undefined;
}

/** The dtype of ONNX's number; one that ort-train does not handle is a ModelError. */
export function dtypeOf(code: number | null | undefined, where: string): DType {
  const dtype = findDType(code);
  if (dtype !== undefined) return dtype;
  const name = dataTypes[code ?? 0] ?? `number ${code ?? 0}`;
  throw new ModelError(`${where}: expected an element type of ${Object.keys(codes).join(', ')}, got ${name}`);
}

/** A number from protobufjs, which gives 64-bit integers as objects; a ModelError where precision would be lost. */
export function toNumber(value: unknown, where: string): number {
  const number = Number(String(value));
  if (!Number.isSafeInteger(number)) {
    throw new ModelError(`${where}: expected an integer within 2^53, got ${String(value)}`);
  }
  return number;
}

/** A dimension of a type annotation; `unknown` is the symbol for one that the file leaves open. */
export function toDim(dim: { dimValue?: unknown; dimParam?: string | null }, unknown: string): Dim {
  if (dim.dimParam !== undefined && dim.dimParam !== null && dim.dimParam !== '') return dim.dimParam;
  // The prototype answers 0 for a dimension that is not in the file.
  if (!Object.hasOwn(dim, 'dimValue')) return unknown;
  const value = toNumber(dim.dimValue, unknown);
  return value >= 0 ? value : unknown;
}

/** `com.microsoft.FusedMatMul` -> `['com.microsoft', 'FusedMatMul']`: names of operators have no dots of their own. */
export function splitOpName(name: string): readonly [domain: string, opType: string] {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? ['', name] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** The inverse of `splitOpName`; `ai.onnx` is another spelling of the standard domain. */
export function joinOpName(domain: string, opType: string): string {
  return standardDomain(domain) === '' ? opType : `${domain}.${opType}`;
}

/** The domain as a key: '' for the standard one. */
export function standardDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
