import type { Attrs, Shape } from '../../src/ir/index.js';
import type { NdArray } from './array.js';

/** What a reference kernel sees. */
export interface KernelContext {
  readonly inputs: readonly (NdArray | undefined)[];
  readonly attrs: Attrs;
  /** Replaces the symbols of a shape by their lengths in this run. */
  readonly bind: (shape: Shape) => readonly number[];
}

/** Computes the outputs of one operator. */
export type Kernel = (context: KernelContext) => readonly NdArray[];

/** The input at that position; a missing one is an error. */
export function input({ inputs }: KernelContext, position: number): NdArray {
  const value = inputs[position];
  if (value === undefined) throw new TypeError(`reference: input ${position} is missing`);
  return value;
}

export function intAttr({ attrs }: KernelContext, name: string): number {
  const value = attrs[name];
  if (typeof value !== 'number') throw new TypeError(`reference: attribute ${name} is not a number`);
  return value;
}

export function intsAttr({ attrs }: KernelContext, name: string): readonly number[] {
  const value = attrs[name];
  if (!Array.isArray(value)) throw new TypeError(`reference: attribute ${name} is not a list`);
  return value as readonly number[];
}

export function shapeAttr({ attrs, bind }: KernelContext): readonly number[] {
  const value = attrs['shape'];
  if (!Array.isArray(value)) throw new TypeError('reference: attribute shape is not a list');
  return bind(value as Shape);
}
