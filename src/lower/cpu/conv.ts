import type { Node, Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import { blockedConv } from './blocked-ops.js';
import { localName, type Context } from './context.js';
import type { Forms, Pending } from './forms.js';
import { dims4 } from './layout.js';
import { attrsOf, axisOf, liveTaps, type LiveTaps } from './taps.js';
import { turnedWeight } from './weight-layout.js';
import { widened } from './widen.js';

/** Whether a convolution has one group: the blocked form needs that. */
export function isUngrouped(node: Node): boolean {
  return node.attrs['group'] === 1 && node.inputs[0]?.dtype === 'float32';
}

/** Whether an image of few channels comes from outside: the first convolution then reads it as it is. */
export function isPlainImage({ graph, f }: Pick<Context, 'graph' | 'f'>, x: Value): boolean {
  return Number(x.shape[1]) < f.block && graph.inputs.includes(x);
}

/** relu(conv(x, w) + bias + sum), to be emitted when it is known what comes after it. */
export function forwardConv(f: Forms, node: Node, direct: boolean): Pending {
  const [x, w, bias] = node.inputs;
  const [y] = node.outputs;
  if (x === undefined || w === undefined || y === undefined) throw new Error(`${node.name} lacks operands`);
  const attrs = node.attrs as unknown as ConvAttrs;
  const [, , height, width] = dims4(x);
  const [, , oh, ow] = dims4(y);
  const rows = liveTaps(axisOf(attrs, 0, height, oh));
  const columns = liveTaps(axisOf(attrs, 1, width, ow));
  const name = localName(node);
  return {
    emit({ sum, relu = false }) {
      const weight = livePart(f, f.weight(w, direct), rows, columns);
      const offset = bias === undefined ? undefined : f.vector(bias);
      const image = direct ? f.plain(x) : f.blocked(x);
      return emitConv(
        f,
        image,
        weight,
        offset,
        sum,
        attrsOf(rows.axis, columns.axis),
        relu,
        name,
        !direct && width <= 32,
      );
    },
  };
}

/**
 * Gradient of the input as a convolution of dy with the turned weight. Only for stride 1 and padding less than the
 * kernel; undefined otherwise.
 */
export function inputGrad(f: Forms, node: Node): Pending | undefined {
  const [dy, w] = node.inputs;
  const [dx] = node.outputs;
  if (dy === undefined || w === undefined || dx === undefined) throw new Error(`${node.name} lacks operands`);
  const attrs = node.attrs as unknown as ConvAttrs;
  const [, , oh, ow] = dims4(dy);
  const [, , height, width] = dims4(dx);
  const live = [liveTaps(axisOf(attrs, 0, height, oh)), liveTaps(axisOf(attrs, 1, width, ow))] as const;
  const turned = live.map(({ axis }) => {
    const before = (axis.kernel - 1) * axis.dilation - axis.before;
    const after = axis.size - 1 + (axis.kernel - 1) * axis.dilation + 1 - axis.out - before;
    return { ...axis, size: axis.out, out: axis.size, before, after };
  });
  const [rows, columns] = turned;
  const odd = turned.some(({ before, after, stride }) => stride !== 1 || before < 0 || after < 0);
  if (rows === undefined || columns === undefined || odd) return undefined;
  return {
    emit({ sum, relu = false }) {
      const weight = livePart(f, f.weight(w, false), live[0], live[1]);
      const back = turnedWeight(f.b, weight, f.block);
      const [, channels] = dims4(dy);
      const isWorth = columns.kernel >= 5 || (channels >= 64 && width <= 14);
      const wide = isWorth && columns.before < columns.kernel - 1;
      return emitConv(
        f,
        f.blocked(dy),
        back,
        undefined,
        sum,
        attrsOf(rows, columns),
        relu,
        localName(node),
        wide,
      );
    },
  };
}

// Zeros on both sides written out let the kernel take six pixels at a time at the edges too: 5x5 on 12x12, 32 -> 32
// channels, 4.5 -> 3.7 ms of one core, where the copy takes 0.15; 3x3 1.65 -> 1.45. Forward the weight's gradient needs
// the same copy anyway. Backward, for 3x3, the copy pays from 64 channels on, in images of few pixels (512 -> 512 on
// 7x7: 54 -> 47 ms); padding of the whole kernel, after a convolution without padding, means too many zeros.
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

/** The taps of a blocked weight that meet pixels. */
function livePart(f: Forms, w: Value, rows: LiveTaps, columns: LiveTaps): Value {
  const [kp, cp, kh, kw] = dims4(w);
  if (rows.axis.kernel === kh && columns.axis.kernel === kw) return w;
  // [K/b, C/b, kh, kw, b, b] with the blocks at either end left as they are.
  const { block, b } = f;
  const part = f.b.slice(
    b.reshape(w, [(kp / block) * (cp / Math.min(block, cp)), kh, kw, block * Math.min(block, cp)]),
    {
      axes: [1, 2],
      starts: [rows.first, columns.first],
      ends: [rows.first + rows.axis.kernel, columns.first + columns.axis.kernel],
    },
  );
  return b.reshape(part, [kp, cp, rows.axis.kernel, columns.axis.kernel]);
}
