import type { Shape, Value } from '../../../src/ir/index.js';
import type { Builder, ConvAttrs, ConvTransposeAttrs, PoolAttrs } from '../../../src/ops/index.js';
import type { CheckedInput, Fill, GradientCase } from '../check.js';

/** The input of that name. */
export function value(inputs: Readonly<Record<string, Value>>, name: string): Value {
  const found = inputs[name];
  if (found === undefined) throw new TypeError(`no input ${name}`);
  return found;
}

export function unaryCase(
  name: string,
  shape: Shape,
  op: (b: Builder, x: Value) => Value,
  fill?: Fill,
): GradientCase {
  const x: CheckedInput = fill === undefined ? { shape } : { shape, fill };
  return { name, inputs: { x }, build: (b, inputs) => op(b, value(inputs, 'x')) };
}

export function binaryCase(
  name: string,
  u: CheckedInput,
  v: CheckedInput,
  op: (b: Builder, u: Value, v: Value) => Value,
): GradientCase {
  return { name, inputs: { u, v }, build: (b, inputs) => op(b, value(inputs, 'u'), value(inputs, 'v')) };
}

/** A window with ONNX's defaults. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
  readonly dilations?: readonly [number, number];
  readonly group?: number;
  /** Of a pooling: sizes are rounded up. */
  readonly ceil?: true;
}

export function poolAttrs(window: Window): PoolAttrs {
  const { kernel, strides = kernel, pads = [0, 0, 0, 0], dilations, ceil } = window;
  return {
    kernel_shape: kernel,
    strides,
    pads,
    ...(dilations && { dilations }),
    ...(ceil && { ceil_mode: 1 }),
  };
}

export function convAttrs(window: Window): ConvAttrs {
  const { kernel, strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], group = 1 } = window;
  return { kernel_shape: kernel, strides, pads, dilations, group };
}

export function convTransposeAttrs(
  window: Window,
  output_padding: readonly [number, number] = [0, 0],
): ConvTransposeAttrs {
  return { ...convAttrs(window), output_padding };
}
