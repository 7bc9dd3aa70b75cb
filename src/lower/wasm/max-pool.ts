import type { Node, Value } from '../../ir/index.js';
import { isTiling, type PoolAttrs } from '../../ops/index.js';
import { dims4 } from '../rewrite/dims.js';
import { operands, result } from '../rewrite/operands.js';
import { range } from '../rewrite/range.js';
import type { Context } from './context.js';
import type { Forms, Place } from './forms.js';

/** What the forward pass leaves for the gradient: the pixels at each place in the window, and their maximum. */
interface Windows {
  readonly places: readonly Place[];
  readonly max: Value;
  /** The bias of all of them, which does not change which is the maximum. */
  readonly bias: Value | undefined;
}

/** A pooling node's attributes. */
function poolAttrs(node: Node): PoolAttrs {
  return node.attrs as unknown as PoolAttrs;
}

/** Windows side by side, without padding, of at most four pixels: more would take more passes than they save. */
export function isTiled(node: Node): boolean {
  const attrs = poolAttrs(node);
  const [kh, kw] = attrs.kernel_shape;
  return isTiling(attrs) && kh * kw <= 4;
}

/** Max-pooling as the maximum of one image for each place in the window, [OH,OW,C,N] each. */
export function maxPool({ f }: Context, node: Node): Value {
  const { max, bias } = windowsOf(f, node);
  return f.biased(max, bias);
}

function windowsOf(f: Forms, node: Node): Windows {
  const [x] = operands(node, 1);
  const y = node.op.name === 'MaxPool' ? result(node) : operands(node, 2)[1];
  const { b } = f;
  const [kh, kw] = poolAttrs(node).kernel_shape;
  const [, , oh, ow] = dims4(y);
  const pending = f.pending(x);
  const places = range(kh).flatMap((i) =>
    range(kw).map((j): Place => {
      const rows = range(oh).map((row) => row * kh + i);
      const columns = range(ow).map((column) => column * kw + j);
      const image = f.once(`${x.name} at ${rows.join()};${columns.join()}`, () =>
        pending === undefined ? pick(f, f.hwcn(x), [i, j], [kh, kw], [oh, ow]) : pending.at(rows, columns),
      );
      return { rows, columns, image };
    }),
  );
  const max = f.once(`${y.name} maximum`, () =>
    places.map(({ image }) => image).reduce((most, image) => b.max(most, image, 'max_pool')),
  );
  return { places, max, bias: pending?.bias };
}

function pick(
  { b }: Forms,
  x: Value,
  starts: readonly [number, number],
  steps: readonly [number, number],
  counts: readonly [number, number],
): Value {
  const ends = starts.map((start, i) => start + (counts[i] ?? 0) * (steps[i] ?? 1));
  const size = dims4(x);
  return b.slice(
    x,
    { axes: [0, 1], starts, ends: ends.map((end, i) => Math.min(end, size[i] ?? end)), steps },
    'place',
  );
}

/**
 * Its gradient, one image for each place. With m the maximum of v0, v1, ... in row-major order, what each place leaves to
 * those after it is
 *
 *     r1 = dy [m > v0],  r2 = r1 [m > v1], ...  and so  dv0 = dy - r1,  dv1 = r1 - r2, ...
 *
 * which gives the first maximum all of dy, exactly.
 */
export function maxPoolGrad({ f, b }: Context, node: Node): readonly Place[] {
  const [, , , dy] = operands(node, 4);
  const { places, max } = windowsOf(f, node);
  let rest = f.hwcn(dy);
  return places.map(({ image, ...at }, i) => {
    if (i === places.length - 1) return { ...at, image: rest };
    // m is never less: the sign is 1 or 0.
    const left = b.mul(rest, b.sign(b.sub(max, image)), 'rest');
    const mine = b.sub(rest, left, 'grad');
    rest = left;
    return { ...at, image: mine };
  });
}
