import type { ConvAttrs } from '../../ops/index.js';
import { dims4 } from './dims.js';
import type { ConvOperands } from './operands.js';
import { range } from './range.js';

/** A convolution along one axis. */
export interface Axis {
  readonly size: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the first pixel, and after the last. */
  readonly before: number;
  readonly after: number;
}

/** One axis of a convolution from `size` to `out` pixels. */
export function axisOf(attrs: ConvAttrs, axis: 0 | 1, size: number, out: number): Axis {
  return {
    size,
    out,
    kernel: attrs.kernel_shape[axis],
    stride: attrs.strides[axis],
    dilation: attrs.dilations[axis],
    before: attrs.pads[axis],
    after: attrs.pads[axis === 0 ? 2 : 3],
  };
}

/** Attributes from two axes. */
export function attrsOf(h: Axis, w: Axis): ConvAttrs {
  return {
    kernel_shape: [h.kernel, w.kernel],
    strides: [h.stride, w.stride],
    dilations: [h.dilation, w.dilation],
    pads: [h.before, w.before, h.after, w.after],
    group: 1,
  };
}

/** The part of a kernel that ever meets a pixel: `first` tap, and the axis with that kernel. */
export interface LiveTaps {
  readonly first: number;
  readonly axis: Axis;
}

/**
 * Drops the taps that meet nothing but padding: a 5x5 kernel on 1x1 pixels is its centre. (The gradient of the others
 * is zero.) Leaves the axis alone where the rest would not be an ordinary convolution.
 */
export function liveTaps(axis: Axis): LiveTaps {
  const { size, out, kernel, stride, dilation, before } = axis;
  const meets = (tap: number): boolean => {
    for (let o = 0; o < out; o++) {
      const at = o * stride + tap * dilation - before;
      if (at >= 0 && at < size) return true;
    }
    return false;
  };
  const live = range(kernel).filter(meets);
  const [first = 0] = live;
  const count = (live.at(-1) ?? kernel - 1) - first + 1;
  const start = before - first * dilation;
  const end = (out - 1) * stride + (count - 1) * dilation + 1 - size - start;
  const whole = { first: 0, axis };
  if (count === kernel || count < 1 || start < 0 || end < 0) return whole;
  return { first, axis: { ...axis, kernel: count, before: start, after: end } };
}

/** Rows and columns of a convolution, or of one of its gradients, with the taps that ever meet a pixel. */
export type LiveAxes = readonly [rows: LiveTaps, columns: LiveTaps];

/** Both axes of a convolution or of one of its gradients. */
export function liveAxes({ attrs, x, y }: Pick<ConvOperands, 'attrs' | 'x' | 'y'>): LiveAxes {
  const [, , h, w] = dims4(x);
  const [, , oh, ow] = dims4(y);
  return [liveTaps(axisOf(attrs, 0, h, oh)), liveTaps(axisOf(attrs, 1, w, ow))];
}
