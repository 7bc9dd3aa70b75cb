import type { Node, Value } from '../../ir/index.js';
import { convOperands } from '../rewrite/operands.js';
import { blockedConv } from './blocked-ops.js';
import type { Forms, Places } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import { joinPlaces } from './places.js';
import { axisOf, type Axis } from '../rewrite/taps.js';
import type { Placement } from './placement.js';
import { turnedDepthwise, turnedWeight } from './weight-forms.js';

/** The pixels s i + a of the input along one axis: which taps of the kernel meet them, and the padding of dy. */
interface Phase {
  /** First tap, then every `step`-th. */
  readonly first: number;
  readonly step: number;
  readonly taps: number;
  /** Pixels of dy from one of them to the next. */
  readonly dilation: number;
  /** Zeros before and after dy; below zero, pixels of dy that are left out. */
  readonly before: number;
  readonly after: number;
}

/**
 * Gradient of a convolution's input for a stride s, without the zero insertion of a transposed convolution, which multiplies the zeros
 * between the pixels of dy: the pixels s i + a of dx need the taps t = (a + padding) mod s, + s, + 2 s ... alone,
 *
 *     dx[s i + a] = sum over u of dy[i + q - u] w[t + s u],   q = (a + padding - t) / s
 *
 * which is one small convolution of dy for each of the s x s places; their results are laid side by side. With a dilation d
 * they are the taps t of d t = a + padding (mod s), each s / gcd(s,d)-th, and meet pixels of dy that are d / gcd(s,d) apart.
 */
export function stridedInputGrad(f: Forms, node: Node, { layout, isDepthwise, group }: Placement): Places {
  const { x: dx, w, y: dy, attrs } = convOperands(node);
  const [, , oh, ow] = dims4(dy);
  const [n, , h, width] = dims4(dx);
  const [rows, columns] = [phases(axisOf(attrs, 0, h, oh)), phases(axisOf(attrs, 1, width, ow))];
  const { b, block } = f;
  const [sh, sw] = attrs.strides;
  const [ph, pw] = [Math.ceil(h / sh), Math.ceil(width / sw)];
  const weight = f.weight(w, layout);
  const cp = isDepthwise ? group : group * dims4(weight)[1];
  const place = (row: Phase, column: Phase): Value | undefined => {
    if (row.taps === 0 || column.taps === 0) return undefined;
    const taps = { rows: every(row), columns: every(column) };
    const part = isDepthwise
      ? turnedDepthwise(b, weight, block, taps)
      : turnedWeight(b, weight, block, group, taps);
    const pads = [row.before, column.before, row.after, column.after];
    const image = cropped(
      f,
      f.blocked(dy),
      pads.map((pad) => Math.max(-pad, 0)),
    );
    const conv = {
      kernel_shape: [row.taps, column.taps],
      strides: [1, 1],
      dilations: [row.dilation, column.dilation],
      pads: pads.map((pad) => Math.max(pad, 0)),
      group,
    };
    return b.emit(blockedConv, [image, part], conv, 'place');
  };
  const grid = rows.map((row) => columns.map((column) => place(row, column)));
  return joinPlaces(f, grid, { n, c: cp, h, w: width, ph, pw });
}

/** The phases of an axis. */
function phases({ size, out, kernel, stride, dilation, before }: Axis): readonly Phase[] {
  const count = Math.ceil(size / stride);
  const shared = gcd(stride, dilation);
  const [step, apart] = [stride / shared, dilation / shared];
  return Array.from({ length: stride }, (_, a): Phase => {
    // The first tap that meets them is among the first `step`, if any is.
    let first = 0;
    while (first < step && (a + before - dilation * first) % stride !== 0) first += 1;
    const taps = first === step ? 0 : Math.max(Math.ceil((kernel - first) / step), 0);
    const start = (taps - 1) * apart - (a + before - dilation * first) / stride;
    const after = count - out + (taps - 1) * apart - start;
    const isMet = out + Math.min(start, 0) + Math.min(after, 0) > 0;
    return { first, step, taps: isMet ? taps : 0, dilation: apart, before: start, after };
  });
}

function gcd(one: number, other: number): number {
  return other === 0 ? one : gcd(other, one % other);
}

/** The taps of a phase. */
function every({ first, step, taps }: Phase): readonly number[] {
  return Array.from({ length: taps }, (_, i) => first + i * step);
}

/** Blocked dy without some of its rows and columns: above, left, below, right. */
function cropped(f: Forms, dy: Value, [top = 0, left = 0, bottom = 0, right = 0]: readonly number[]): Value {
  if (top + left + bottom + right === 0) return dy;
  return f.once(`${dy.name} without ${top} ${left} ${bottom} ${right}`, () => {
    const { b, block } = f;
    const [n, c, h, w] = dims4(dy);
    const lines = b.reshape(dy, [(n * c) / block, h, w, block]);
    const range = { axes: [1, 2], starts: [top, left], ends: [h - bottom, w - right] };
    return b.reshape(b.slice(lines, range, 'cropped'), [n, c, h - top - bottom, w - left - right]);
  });
}
