import { expect, test } from 'vitest';
import { gradients } from '../../src/autodiff/index.js';
import { print, tensorOf } from '../../src/ir/index.js';
import { Builder } from '../../src/ops/index.js';

test('a graph as text: inputs, constants, nodes by layer, attributes, outputs', () => {
  const b = new Builder();
  const x = b.input('x', 'float32', ['N', 2, 4, 4]);
  const w = b.initializer(
    tensorOf(
      'float32',
      [1, 2, 3, 3],
      Array.from({ length: 18 }, (_, i) => i),
    ),
    'conv.weight',
  );
  const window = { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1] } as const;
  const y = b.scope('conv', () => b.conv(x, w, undefined, { ...window, group: 1 }, 'y'));
  const [pooled] = b.scope('pool', () =>
    b.maxPool(b.relu(y), { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] }),
  );
  const loss = b.reduceSum(b.mul(pooled, 0.5), [0, 1, 2, 3]);
  const [dw] = gradients(b, loss, [w]);
  const graph = b.finish('tiny', [
    { name: 'loss', value: loss },
    { name: 'grad.conv.weight', value: dw ?? loss },
  ]);
  expect(print(graph)).toMatchInlineSnapshot(`
    "graph tiny(x: float32[N,2,4,4]) {
      const conv.weight: float32[1,2,3,3] = [0, 1, 2, 3, 4, 5, 6, 7, ... 18 in all]
      const c_0.5: float32[] = 0.5
      const c_1: float32[] = 1
      const c_0: float32[] = 0
      # conv
      conv.y: float32[N,1,4,4] = Conv(x, conv.weight) {kernel_shape=[3,3], strides=[1,1], pads=[1,1,1,1], dilations=[1,1], group=1}
      # pool
      pool.relu: float32[N,1,4,4] = Relu(conv.y)
      pool.max_pool: float32[N,1,2,2], pool.max_pool.1: int64[N,1,2,2] = MaxPool(pool.relu) {kernel_shape=[2,2], strides=[2,2], pads=[0,0,0,0]}
      # (no layer)
      mul: float32[N,1,2,2] = Mul(pool.max_pool, c_0.5)
      reduce_sum: float32[] = ReduceSum(mul) {axes=[0,1,2,3], keepdims=0}
      reshape: float32[1,1,1,1] = Reshape(c_1) {shape=[1,1,1,1]}
      shape: int64[4] = Shape(mul)
      expand: float32[N,1,2,2] = Expand(reshape, shape) {shape=[N,1,2,2]}
      mul_2: float32[N,1,2,2] = Mul(expand, c_0.5)
      mul_3: float32[N,1,2,2] = Mul(expand, pool.max_pool)
      # pool
      pool.max_pool_grad: float32[N,1,4,4] = MaxPoolGrad(pool.relu, pool.max_pool, pool.max_pool.1, mul_2) {kernel_shape=[2,2], strides=[2,2], pads=[0,0,0,0]}
      pool.greater: bool[N,1,4,4] = Greater(pool.relu, c_0)
      pool.where: float32[N,1,4,4] = Where(pool.greater, pool.max_pool_grad, c_0)
      # conv
      conv.conv_input_grad: float32[N,2,4,4] = ConvInputGrad(pool.where, conv.weight) {kernel_shape=[3,3], strides=[1,1], pads=[1,1,1,1], dilations=[1,1], group=1, size=[4,4]}
      conv.conv_weight_grad: float32[1,2,3,3] = ConvWeightGrad(x, pool.where) {kernel_shape=[3,3], strides=[1,1], pads=[1,1,1,1], dilations=[1,1], group=1}
      return loss = reduce_sum, grad.conv.weight = conv.conv_weight_grad
    }
    "
  `);
});

test('many inputs stand on lines of their own; integers, booleans and missing inputs are shown', () => {
  const b = new Builder();
  const inputs = ['a', 'b', 'c', 'd'].map((name) => b.input(`stage1.block1.${name}`, 'float32', ['N', 8]));
  const [first, second, third, fourth] = inputs;
  if (!first || !second || !third || !fourth) throw new TypeError('four inputs');
  const chosen = b.where(b.equal(b.argMax(first, 1), b.scalar(3, 'int64')), b.reduceMax(second, [1]), -1);
  const sum = b.expandLike(b.reshape(chosen, ['N', 1]), third);
  const graph = b.finish('wide', [
    { name: fourth.name, value: fourth },
    { name: 'sum', value: sum },
  ]);
  expect(print(graph)).toMatchInlineSnapshot(`
    "graph wide(
      stage1.block1.a: float32[N,8],
      stage1.block1.b: float32[N,8],
      stage1.block1.c: float32[N,8],
      stage1.block1.d: float32[N,8]
    ) {
      const c_int64: int64[] = 3
      const c_neg1: float32[] = -1
      arg_max: int64[N] = ArgMax(stage1.block1.a) {axis=1, keepdims=0}
      equal: bool[N] = Equal(arg_max, c_int64)
      reduce_max: float32[N] = ReduceMax(stage1.block1.b) {axes=[1], keepdims=0}
      where: float32[N] = Where(equal, reduce_max, c_neg1)
      reshape: float32[N,1] = Reshape(where) {shape=[N,1]}
      expand: float32[N,8] = Expand(reshape) {shape=[N,8]}
      return stage1.block1.d, sum = expand
    }
    "
  `);
});
