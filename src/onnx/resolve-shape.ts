import { ShapeError } from '../errors.js';
import {
  formatShape,
  mulDims,
  sizeOf,
  splitDim,
  type AttrValue,
  type OpDef,
  type Shape,
  type Value,
} from '../ir/index.js';

/**
 * Turns ONNX's numbers for a shape back into dimensions: 0 and -1 of Reshape, the 1s of Expand. A shape that
 * is computed at run time is taken from the recorded type of the output.
 */
export function resolveShape(
  op: OpDef,
  inputs: readonly (Value | undefined)[],
  attrs: Record<string, AttrValue>,
  recorded: Shape | undefined,
): void {
  if (op.tensorAttrs['shape'] === undefined) return;
  const input = inputs[0]?.shape ?? [];
  const wanted = attrs['shape'] as readonly number[] | undefined;
  if (wanted === undefined) {
    // The numbers, and so whether there is a 0, are known at run time only.
    if (attrs['allowzero'] === 1) {
      throw new ShapeError("Reshape: attribute 'allowzero': expected 0 beside a computed shape, got 1");
    }
    if (recorded !== undefined) attrs['shape'] = recorded;
  } else if (op.name === 'Reshape') {
    if (attrs['allowzero'] === 1 && wanted.includes(0)) {
      throw new ShapeError(
        `Reshape: attribute 'allowzero': expected 0 beside a 0 in ${formatShape(wanted)}, got 1`,
      );
    }
    attrs['shape'] = resolveReshape(input, wanted);
  } else if (op.name === 'Expand') {
    attrs['shape'] = wanted.map((dim, i) =>
      dim === 1 ? (input[i - wanted.length + input.length] ?? 1) : dim,
    );
  }
}

function resolveReshape(input: Shape, wanted: readonly number[]): Shape {
  const copied = wanted.map((dim, i) => (dim === 0 ? (input[i] ?? 0) : dim));
  if (!copied.includes(-1)) return copied;
  // What both sides have cancels, so that several symbols may pass through.
  const left = [...input];
  const right = copied.filter((dim) => {
    if (dim === -1) return false;
    const same = left.indexOf(dim);
    if (same >= 0) left.splice(same, 1);
    return same < 0;
  });
  const [factor, symbol] = splitDim(sizeOf(left));
  const [divisor] = splitDim(sizeOf(right));
  const rest = factor / divisor;
  if (!Number.isInteger(rest)) {
    throw new ShapeError(`Reshape: ${formatShape(input)} does not divide into ${formatShape(wanted)}`);
  }
  const inferred = symbol === '' ? rest : mulDims(rest, symbol);
  return copied.map((dim) => (dim === -1 ? inferred : dim));
}
