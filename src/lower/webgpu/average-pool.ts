import { operands, result } from '../rewrite/operands.js';
import { tensorOf, type Node, type Value } from '../../ir/index.js';
import { inverseCounts, type AveragePoolAttrs } from '../../ops/average-pool.js';
import { dims4 } from '../rewrite/dims.js';
import type { Forms } from './forms.js';
import { pickPixels } from './move.js';
import { range } from '../rewrite/range.js';
import { sumMiddle } from './reduce.js';

/** Average pooling of an image [N,H,W,C] -> [N,OH,OW,C]: the pixels under each window, added and divided. */
export function averagePool(f: Forms, node: Node): Value {
  const [x] = operands(node, 1);
  const y = result(node);
  const { b } = f;
  const attrs = node.attrs as unknown as AveragePoolAttrs;
  const { kernel_shape: kernel, strides, pads } = attrs;
  const [n, c, h, w] = dims4(x);
  const [, , oh, ow] = dims4(y);
  const lines = (axis: 0 | 1, window: number, size: number): readonly (number | undefined)[] =>
    range(kernel[axis], window * strides[axis] - pads[axis]).map((at) =>
      at >= 0 && at < size ? at : undefined,
    );
  const windows = range(oh).flatMap((i) =>
    range(ow).map((j) =>
      lines(0, i, h).flatMap((row) =>
        lines(1, j, w).map((column) =>
          row === undefined || column === undefined ? undefined : row * w + column,
        ),
      ),
    ),
  );
  const taps = kernel[0] * kernel[1];
  const pixels = pickPixels(f, f.nhwc(x), windows.flat(), 'under_window');
  const sums = sumMiddle(f, b.reshape(pixels, [n * oh * ow, taps, c]), 'window_sum');
  const shares = inverseCounts(attrs, [h, w], [oh, ow]);
  const share = f.constant(
    `shares ${shares.join()}`,
    () => tensorOf('float32', [oh, ow, 1], shares),
    'shares',
  );
  return b.mul(b.reshape(sums, [n, oh, ow, c]), share, 'average_pool');
}
