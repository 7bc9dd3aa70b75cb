import { operands } from '../rewrite/operands.js';
import { tensorOf, type Node, type Value } from '../../ir/index.js';
import { isDense, isTiling, type PoolAttrs } from '../../ops/index.js';
import { blockedMaxPool, blockedUpsample } from './blocked-ops.js';
import { masked } from './elementwise.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';

/** Max-pooling of a blocked tensor. */
export function maxPool(f: Forms, node: Node): Value {
  const [x] = operands(node, 1);
  return f.b.emit(blockedMaxPool, [f.blocked(x)], node.attrs, 'max_pool');
}

/** Whether `maxPoolGrad` handles it: windows side by side, without padding. */
export function isTiled(node: Node): boolean {
  return isTiling(poolAttrs(node));
}

/** Whether `maxPool` handles it: ONNX Runtime's blocked pooling knows no dilation. */
export function isUndilated(node: Node): boolean {
  return isDense(poolAttrs(node));
}

/**
 * Gradient of max-pooling over windows side by side, from x and y. Each pixel that equals its window's maximum scores
 * its rank, higher the earlier it lies in row-major order, every other one 0; the maximum of the scores then names the
 * first maximum, and only there the gradient passes. Ties are common: a constant background gives nothing else.
 */
export function maxPoolGrad(f: Forms, node: Node): Value {
  const [x, y, , dy] = operands(node, 4);
  const { b, block } = f;
  const [kh, kw] = poolAttrs(node).kernel_shape;
  const blockedX = f.blocked(x);
  const [n, c, h, w] = dims4(blockedX);
  const [, , oh, ow] = dims4(y);
  const [rows, columns] = [oh * kh, ow * kw];
  const scales = [1, 1, kh, kw];
  const spread = (value: Value): Value =>
    b.emit(blockedUpsample, [value], { scales, mode: 'nearest' }, 'spread');
  const covered = cropped(f, blockedX, rows, columns);
  const flat = (value: Value): Value => b.reshape(value, [(n * c) / block, rows * columns * block]);
  const hit = b.equal(flat(covered), flat(spread(f.blocked(y))));
  const score = masked(f, hit, ranks(f, rows, columns, kh, kw));
  const best = b.emit(blockedMaxPool, [b.reshape(score, [n, c, rows, columns])], node.attrs, 'best');
  const first = b.equal(score, flat(spread(best)));
  const dx = b.reshape(masked(f, first, flat(spread(f.blocked(dy)))), [n, c, rows, columns]);
  if (rows === h && columns === w) return dx;
  const lines = b.reshape(dx, [(n * c) / block, rows, columns, block]);
  return b.reshape(b.pad(lines, [0, 0, 0, 0, 0, h - rows, w - columns, 0]), [n, c, h, w]);
}

/** The first rows and columns of a blocked image. */
function cropped(f: Forms, x: Value, rows: number, columns: number): Value {
  const { b, block } = f;
  const [n, c, h, w] = dims4(x);
  if (rows === h && columns === w) return x;
  const lines = b.reshape(x, [(n * c) / block, h, w, block]);
  const part = b.slice(lines, { axes: [1, 2], starts: [0, 0], ends: [rows, columns] });
  return b.reshape(part, [n, c, rows, columns]);
}

/** kh kw for the first pixel of each window down to 1 for the last: [1, rows columns b]. */
function ranks(f: Forms, rows: number, columns: number, kh: number, kw: number): Value {
  const values: number[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const rank = kh * kw - (i % kh) * kw - (j % kw);
      for (let lane = 0; lane < f.block; lane++) values.push(rank);
    }
  }
  return f.b.constant(tensorOf('float32', [1, values.length], values), 'ranks');
}

/** A pooling node's attributes. */
export function poolAttrs(node: Node): PoolAttrs {
  return node.attrs as unknown as PoolAttrs;
}
