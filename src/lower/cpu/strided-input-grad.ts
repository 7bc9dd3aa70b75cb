import type { Node, Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import { blockedConv } from './blocked-ops.js';
import type { Forms, Places } from './forms.js';
import { dims4 } from '../shared/dims.js';
import { joinPlaces } from './places.js';
import { axisOf, type Axis } from '../shared/taps.js';
import { turnedWeight } from './weight-layout.js';

/** The pixels s i + a of the input along one axis: which taps of the kernel meet them, and the padding of dy. */
interface Phase {
  /** First tap; then every s-th. */
  readonly first: number;
  readonly taps: number;
  readonly before: number;
  readonly after: number;
}

/**
 * Gradient of a convolution's input for a stride s, without multiplying the zeros that a transposed convolution would put
 * between the pixels of dy: the pixels s i + a of dx need the taps t = (a + padding) mod s, + s, + 2 s ... alone,
 *
 *     dx[s i + a] = sum over u of dy[i + q - u] w[t + s u],   q = (a + padding - t) / s
 *
 * which is one small convolution of dy for each of the s x s places; their results are laid side by side.
 * Undefined where a convolution would need to leave out pixels of dy.
 */
export function stridedInputGrad(f: Forms, node: Node): Places | undefined {
  const [dy, w] = node.inputs;
  const [dx] = node.outputs;
  if (dy === undefined || w === undefined || dx === undefined) throw new Error(`${node.name} lacks operands`);
  const attrs = node.attrs as unknown as ConvAttrs;
  if (attrs.dilations.some((d) => d !== 1)) return undefined;
  const [, , oh, ow] = dims4(dy);
  const [n, , h, width] = dims4(dx);
  const [rows, columns] = [phases(axisOf(attrs, 0, h, oh)), phases(axisOf(attrs, 1, width, ow))];
  if (rows === undefined || columns === undefined) return undefined;
  const { b, block } = f;
  const [sh, sw] = attrs.strides;
  const [ph, pw] = [Math.ceil(h / sh), Math.ceil(width / sw)];
  const weight = f.weight(w, false);
  const [, cp] = dims4(weight);
  const place = (row: Phase, column: Phase): Value | undefined => {
    if (row.taps === 0 || column.taps === 0) return undefined;
    const taps = { rows: every(row, sh), columns: every(column, sw) };
    const part = turnedWeight(b, weight, block, taps);
    const pads = [row.before, column.before, row.after, column.after];
    const conv = {
      kernel_shape: [row.taps, column.taps],
      strides: [1, 1],
      dilations: [1, 1],
      pads,
      group: 1,
    };
    return b.emit(blockedConv, [f.blocked(dy), part], conv, 'place');
  };
  const grid = rows.map((row) => columns.map((column) => place(row, column)));
  return joinPlaces(f, grid, { n, c: cp, h, w: width, ph, pw });
}

/** The phases of an axis; undefined where one would need negative padding. */
function phases({ size, out, kernel, stride, before }: Axis): readonly Phase[] | undefined {
  const count = Math.ceil(size / stride);
  const all = Array.from({ length: stride }, (_, a): Phase => {
    const first = (a + before) % stride;
    const taps = Math.max(Math.ceil((kernel - first) / stride), 0);
    const start = taps - 1 - (a + before - first) / stride;
    return { first, taps, before: start, after: count - out + taps - 1 - start };
  });
  return all.every((phase) => phase.taps === 0 || (phase.before >= 0 && phase.after >= 0)) ? all : undefined;
}

/** The taps of a phase. */
function every({ first, taps }: Phase, stride: number): readonly number[] {
  return Array.from({ length: taps }, (_, i) => first + i * stride);
}
