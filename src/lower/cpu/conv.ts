import { localName, type Node, type Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import { blockedConv } from './blocked-ops.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import { Pending } from './pending.js';
import { sampledMean } from './sampled-mean.js';
import { convOperands } from '../rewrite/operands.js';
import { attrsOf, liveAxes, type Axis, type LiveTaps } from '../rewrite/taps.js';
import type { Placement } from './placement.js';
import { turnedDepthwise, turnedWeight } from './weight-forms.js';
import { widened } from './widen.js';

/**
 * relu(conv(x, w) + bias + sum), to be emitted when it is known what comes after it. `wide`: the zeros on both sides of x
 * are written out.
 */
export function forwardConv(f: Forms, node: Node, placement: Placement, wide: boolean): Pending {
  const conv = convOperands(node);
  const { x, w, bias } = conv;
  const [rows, columns] = liveAxes(conv);
  const name = localName(node);
  const { layout, isPlain, group } = placement;
  const attrs = { ...attrsOf(rows.axis, columns.axis), group };
  const lowered = (): Readonly<Record<'image' | 'weight', Value>> & { readonly own: Value | undefined } => ({
    image: isPlain ? f.plain(x) : f.blocked(x),
    weight: f.once(`${node.name} live weight`, () =>
      livePart(f, f.weight(w, layout), layout.direct, rows, columns),
    ),
    own: bias && f.vector(bias),
  });
  return new Pending({
    make({ sum, relu = false, offset: more }) {
      const { image, weight, own } = lowered();
      const offset = own === undefined || more === undefined ? (own ?? more) : f.b.add(own, more);
      return emitConv(f, image, weight, offset, sum, attrs, relu, name, wide);
    },
    roughMean(sum) {
      const { image, weight, own: offset } = lowered();
      const axes = { rows: rows.axis, columns: columns.axis };
      return sampledMean(f, { image, isPlain, weight, bias: offset, group, ...axes }, sum);
    },
  });
}

/**
 * Rows and columns of the convolution of dy that gives dx. Only for stride 1 and padding less than the kernel; undefined
 * otherwise.
 */
export function turnedAxes(node: Node): readonly [Axis, Axis] | undefined {
  const turned = ({ axis }: LiveTaps): Axis => {
    const before = (axis.kernel - 1) * axis.dilation - axis.before;
    const after = axis.size + (axis.kernel - 1) * axis.dilation - axis.out - before;
    return { ...axis, size: axis.out, out: axis.size, before, after };
  };
  const [rows, columns] = liveAxes(convOperands(node));
  const axes = [turned(rows), turned(columns)] as const;
  const isOdd = axes.some(({ before, after, stride }) => stride !== 1 || before < 0 || after < 0);
  return isOdd ? undefined : axes;
}

/**
 * Gradient of the input as a convolution of dy with the turned weight; undefined where `turnedAxes` is. `wide`: the zeros on
 * both sides of dy are written out.
 */
export function inputGrad(
  f: Forms,
  node: Node,
  { layout, isDepthwise, group }: Placement,
  wide: boolean,
): Pending | undefined {
  const axes = turnedAxes(node);
  if (axes === undefined) return undefined;
  const conv = convOperands(node);
  const { w, y: dy } = conv;
  const live = liveAxes(conv);
  return new Pending({
    make({ sum, relu = false, offset }) {
      const weight = livePart(f, f.weight(w, layout), layout.direct, live[0], live[1]);
      const back = isDepthwise
        ? turnedDepthwise(f.b, weight, f.block)
        : turnedWeight(f.b, weight, f.block, group);
      const attrs = { ...attrsOf(...axes), group };
      return emitConv(f, f.blocked(dy), back, offset, sum, attrs, relu, localName(node), wide);
    },
  });
}

// Zeros on both sides written out let the kernel take six pixels at a time at the edges too: 5x5 on 12x12, 32 -> 32
// channels, 4.5 -> 3.7 ms of one core, where the copy takes 0.15; 3x3 1.65 -> 1.45.
function emitConv(
  f: Forms,
  x: Value,
  w: Value,
  bias: Value | undefined,
  sum: Value | undefined,
  attrs: ConvAttrs,
  relu: boolean,
  name: string,
  widen: boolean,
): Value {
  const { pads } = attrs;
  const wide = widen && pads[1] + pads[3] > 0;
  const image = wide ? widened(f, x, pads[1], pads[3]) : x;
  const activation = relu ? { activation: 'Relu' } : {};
  const rest = wide ? { ...attrs, pads: [pads[0], 0, pads[2], 0] } : attrs;
  return f.b.emit(blockedConv, [image, w, bias, sum], { ...rest, ...activation }, name);
}

/** The taps of a weight that meet pixels. */
function livePart({ b, block }: Forms, w: Value, direct: boolean, rows: LiveTaps, columns: LiveTaps): Value {
  const [kp, cp, kh, kw] = dims4(w);
  if (rows.axis.kernel === kh && columns.axis.kernel === kw) return w;
  // [K/b, C/b, kh, kw, b of C, b of K], or [K/b, C, kh, kw, b of K].
  const tap = direct ? block : block * block;
  const part = b.slice(b.reshape(w, [(kp * cp) / tap, kh, kw, tap]), {
    axes: [1, 2],
    starts: [rows.first, columns.first],
    ends: [rows.first + rows.axis.kernel, columns.first + columns.axis.kernel],
  });
  return b.reshape(part, [kp, cp, rows.axis.kernel, columns.axis.kernel]);
}
