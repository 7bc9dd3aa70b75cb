import type { onnx } from 'onnx-proto';
import type { Graph, TensorType } from '../ir/index.js';
import { dtypeCode, dtypeOf, findDType, toDim } from './format.js';

/** A named, typed value of a model: an input or an output. */
export interface Port extends TensorType {
  readonly name: string;
}

/** What a model takes and gives. */
export interface Ports {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** What the model of a graph takes and gives, as `readModel` finds it in the model's bytes. */
export function portsOf(graph: Graph): Ports {
  const port = (name: string, { dtype, shape }: TensorType): Port => ({ name, dtype, shape });
  return {
    inputs: graph.inputs.map((value) => port(value.name, value)),
    outputs: graph.outputs.map(({ name, value }) => port(name, value)),
  };
}

/** The type of a value for the file; symbols such as `N` and `2*N` become dim_param. */
export function encodeValueInfo(name: string, { dtype, shape }: TensorType): onnx.IValueInfoProto {
  const dim = shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: dtypeCode(dtype), shape: { dim } } } };
}

/** An input or output; one that is no tensor, or of a dtype that ort-train does not handle, is a ModelError. */
export function decodePort(info: onnx.IValueInfoProto, where: string): Port {
  const dtype = dtypeOf(info.type?.tensorType?.elemType, `${where}: value '${info.name ?? ''}'`);
  return { name: info.name ?? '', dtype, shape: shapeOf(info) };
}

/** The types that the file records, by value name; what it records incompletely is left out. */
export function decodeTypes(infos: readonly onnx.IValueInfoProto[]): ReadonlyMap<string, TensorType> {
  const types = new Map<string, TensorType>();
  for (const info of infos) {
    const tensor = info.type?.tensorType;
    const dtype = findDType(tensor?.elemType);
    if (dtype !== undefined && tensor?.shape != null) {
      types.set(info.name ?? '', { dtype, shape: shapeOf(info) });
    }
  }
  return types;
}

function shapeOf(info: onnx.IValueInfoProto): TensorType['shape'] {
  // Sizes that the file leaves open are named after the value, so that no two of them seem equal.
  const symbol = (info.name ?? '').replace(/\W/g, '_');
  return (info.type?.tensorType?.shape?.dim ?? []).map((dim, i) => toDim(dim, `unknown_${symbol}_${i}`));
}
