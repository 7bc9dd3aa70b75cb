import { staticSize } from './tensor.js';

/** Where one tensor lies in a bundle. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  /** Index of its first element. */
  readonly offset: number;
  readonly size: number;
}

/** A flat float32 vector that holds named tensors one after the other. */
export interface Bundle {
  /** The vector that it is first of all: `params`, beside which gradients and moments lie alike. */
  readonly name: string;
  readonly slots: readonly Slot[];
  /** Number of elements. */
  readonly size: number;
}

/** The bundle of tensors in the order given. */
export function bundleOf(
  name: string,
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
): Bundle {
  let size = 0;
  const slots = tensors.map(({ name: tensor, shape }): Slot => {
    const slot = { name: tensor, shape, offset: size, size: staticSize(shape) };
    size += slot.size;
    return slot;
  });
  return { name, slots, size };
}
