import { describe, expect, test } from 'vitest';
import { tensorOf } from '../../src/ir/index.js';
import { Builder } from '../../src/ops/index.js';

const f32 = (...values: readonly number[]): ReturnType<typeof tensorOf> =>
  tensorOf('float32', [values.length], values);

describe('names', () => {
  test('follow the operator, numbered from the second on', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2]);
    expect([b.relu(x), b.relu(x), b.relu(x)].map(({ name }) => name)).toEqual(['relu', 'relu_2', 'relu_3']);
    expect(b.globalAveragePool(b.input('image', 'float32', [1, 2, 3, 3])).name).toBe('global_average_pool');
  });

  test('follow the layers, which nest and end', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2]);
    const inner = b.scope('stage1', () => b.scope('block2', () => b.exp(x, 'gate')));
    expect(inner.name).toBe('stage1.block2.gate');
    expect(b.exp(x, 'gate').name).toBe('gate');
    expect(b.layer).toBe('');
  });

  test('within() replaces the layer, for what belongs to an earlier one', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2]);
    const grad = b.scope('loss', () => b.within('stage1.conv', () => b.neg(x, 'grad')));
    expect(grad.name).toBe('stage1.conv.grad');
    expect(b.nodes[0]?.layer).toBe('stage1.conv');
  });

  test('a layer ends even where its body throws', () => {
    const b = new Builder();
    expect(() => b.scope('broken', () => b.reduceSum(b.input('x', 'float32', [2]), [5]))).toThrow(
      /layer broken/,
    );
    expect(b.layer).toBe('');
  });

  test('step aside for names that are taken already', () => {
    const b = new Builder();
    const x = b.input('relu', 'float32', [2]);
    b.input('relu_2', 'float32', [2]);
    expect(b.relu(x).name).toBe('relu_3');
  });

  test('further outputs are numbered after the first', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [1, 1, 4, 4]);
    const attrs = { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] } as const;
    expect(b.maxPool(x, attrs, 'pool').map(({ name }) => name)).toEqual(['pool', 'pool.1']);
  });

  test('of inputs and weights are exact, so that two of one name are an error', () => {
    const b = new Builder();
    b.input('w', 'float32', [2]);
    expect(() => b.input('w', 'float32', [3])).toThrow(/two values are called 'w'/);
    expect(() => b.initializer(f32(1), 'w')).toThrow(/two values are called 'w'/);
  });
});

describe('constants', () => {
  test('small equal ones are one value', () => {
    const b = new Builder();
    expect(b.scalar(0.5)).toBe(b.scalar(0.5));
    expect(b.constant(f32(1, 2), 'a')).toBe(b.constant(f32(1, 2), 'b'));
  });

  test('what float32 cannot tell apart is one value', () => {
    const b = new Builder();
    expect(b.scalar(0.1)).toBe(b.scalar(Math.fround(0.1)));
  });

  test('another dtype, shape or value is another constant', () => {
    const b = new Builder();
    const values = [
      b.scalar(1),
      b.scalar(1, 'int32'),
      b.scalar(1, 'int64'),
      b.scalar(2),
      b.constant(f32(1)),
      b.constant(tensorOf('float32', [1, 1], [1])),
    ];
    expect(new Set(values).size).toBe(values.length);
    expect(new Set(values.map(({ name }) => name)).size).toBe(values.length);
  });

  test('0 and -0 are two: 1 / x tells them apart', () => {
    const b = new Builder();
    expect(b.scalar(0)).not.toBe(b.scalar(-0));
  });

  test('large ones and weights are not searched for equals', () => {
    const b = new Builder();
    const large = tensorOf('float32', [65], Array<number>(65).fill(1));
    expect(b.constant(large)).not.toBe(b.constant(large));
    expect(b.initializer(f32(1), 'w1')).not.toBe(b.initializer(f32(1), 'w2'));
  });

  test('scalars are named after their value', () => {
    const b = new Builder();
    const names = [0.5, -2, 1e-8, 1e21].map((value) => b.scalar(value).name);
    expect(names).toEqual(['c_0.5', 'c_neg2', 'c_1eneg8', 'c_1e21']);
    expect(b.scalar(3, 'int64').name).toBe('c_int64');
  });
});

describe('numbers as operands', () => {
  test('take the dtype of the other side', () => {
    const b = new Builder();
    expect(b.add(b.input('i', 'int32', [2]), 1).dtype).toBe('int32');
    expect(b.sub(1, b.input('d', 'float64', [2])).dtype).toBe('float64');
  });
});

describe('what changes nothing adds no node', () => {
  test('reshape, transpose, expand, cast, pad and concat', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', ['N', 3]);
    const same = [
      b.reshape(x, ['N', 3]),
      b.transpose(x, [0, 1]),
      b.expandLike(x, x),
      b.cast(x, 'float32'),
      b.pad(x, [0, 0, 0, 0]),
      b.concat([x], 1),
    ];
    expect(same.every((value) => value === x)).toBe(true);
    expect(b.nodes).toEqual([]);
  });
});

test('finish verifies, and the graph does not change afterwards', () => {
  const b = new Builder();
  const y = b.relu(b.input('x', 'float32', [2]));
  const graph = b.finish('g', [{ name: 'y', value: y }]);
  b.relu(y);
  expect(graph.nodes).toHaveLength(1);
  expect(() => b.finish('g', [{ name: 'x', value: y }])).toThrow(/output 'x' has the name of another value/);
});
