import { gradients } from '../../src/autodiff/index.js';
import type { Shape, Value } from '../../src/ir/index.js';
import { Builder, ops, type ConvAttrs, type PoolAttrs } from '../../src/ops/index.js';
import type { Draw } from './draw.js';
import type { FuzzCase } from './fuzz-case.js';

/** A drawn use of an operator on inputs that it makes with `input`. */
type Drawn = (d: Draw, b: Builder, input: (shape: Shape, name?: string) => Value) => Value;

const dims = (d: Draw, rank: number): number[] => d.list(rank, () => d.int(1, 5));

/** A shape that broadcasts to `shape`. */
function narrower(d: Draw, shape: readonly number[]): number[] {
  return shape.slice(d.int(0, shape.length)).map((dim) => (d.chance(30) ? 1 : dim));
}

const unary =
  (apply: (b: Builder, x: Value) => Value, name?: string): Drawn =>
  (d, b, input) =>
    apply(b, input(dims(d, d.int(0, 4)), name));

const binary =
  (apply: (b: Builder, x: Value, y: Value) => Value, second?: string): Drawn =>
  (d, b, input) => {
    const shape = dims(d, d.int(0, 4));
    const [x, y] = [narrower(d, shape), shape].map((each, i) => input(each, i === 0 ? undefined : second));
    if (x === undefined || y === undefined) throw new TypeError('two shapes');
    return d.chance(50) && second === undefined ? apply(b, y, x) : apply(b, x, y);
  };

const reduce =
  (apply: (b: Builder, x: Value, axes: readonly number[], keep: boolean) => Value): Drawn =>
  (d, b, input) => {
    const rank = d.int(1, 4);
    const axes = d.shuffled(d.list(rank, () => 0).map((_, i) => i)).slice(0, d.int(1, rank));
    return apply(
      b,
      input(dims(d, rank)),
      axes.map((axis) => (d.chance(30) ? axis - rank : axis)),
      d.chance(50),
    );
  };

const along =
  (apply: (b: Builder, x: Value, axis: number) => Value): Drawn =>
  (d, b, input) => {
    const rank = d.int(1, 4);
    const axis = d.int(0, rank - 1);
    return apply(b, input(dims(d, rank)), d.chance(30) ? axis - rank : axis);
  };

/** Rows and columns of an image, those of a kernel that fits, and how it moves. */
function window(
  d: Draw,
  dilated: boolean,
): Omit<ConvAttrs, 'group'> & { readonly size: readonly [number, number] } {
  const axis = (): {
    kernel: number;
    stride: number;
    dilation: number;
    before: number;
    after: number;
    size: number;
  } => {
    const kernel = d.pick([1, 1, 2, 3, 3, 3, 4, 5, 7]);
    const dilation = dilated && d.chance(30) ? d.int(2, 3) : 1;
    const span = (kernel - 1) * dilation + 1;
    const [before, after] = d.chance(50)
      ? [Math.floor(span / 2), Math.floor(span / 2)]
      : [d.int(0, span - 1), d.int(0, span - 1)];
    const least = Math.max(1, span - before - after);
    return {
      kernel,
      stride: d.pick([1, 1, 1, 2, 2, 3]),
      dilation,
      before,
      after,
      size: least + d.pick([0, 0, 1, 2, 5, 9]),
    };
  };
  const [h, w] = [axis(), axis()];
  return {
    kernel_shape: [h.kernel, w.kernel],
    strides: [h.stride, w.stride],
    dilations: [h.dilation, w.dilation],
    pads: [h.before, w.before, h.after, w.after],
    size: [h.size, w.size],
  };
}

/** Channels at and beside the sizes of blocks, and few. */
const channels = (d: Draw): number => d.pick([1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 24, 32, 33]);

/** Attributes of a 1x1 convolution. */
const pointwise: ConvAttrs = {
  kernel_shape: [1, 1],
  strides: [1, 1],
  dilations: [1, 1],
  pads: [0, 0, 0, 0],
  group: 1,
};

const conv: Drawn = (d, b, input) => {
  const { size, ...attrs } = window(d, true);
  const group = d.pick([1, 1, 1, 2, 3, 4, 8, 16]);
  const [inner, outer] =
    group === 1 ? [channels(d), channels(d)] : [d.pick([1, 1, 2, 3, 4, 8]), d.pick([1, 1, 2, 3, 4])];
  const x = input([d.int(1, 3), inner * group, ...size]);
  const w = input([outer * group, inner, ...attrs.kernel_shape]);
  const y = b.conv(x, w, d.chance(50) ? input([outer * group]) : undefined, { ...attrs, group });
  // A second one, so that blocked tensors flow between the two.
  if (d.chance(60)) return y;
  const next = channels(d);
  return b.conv(b.relu(y), input([next, outer * group, 1, 1]), undefined, pointwise);
};

const convTranspose: Drawn = (d, b, input) => {
  const { size, ...attrs } = window(d, true);
  const { strides, dilations, kernel_shape, pads } = attrs;
  // More padding than the result has is refused.
  const span = (axis: 0 | 1): number =>
    (size[axis] - 1) * strides[axis] + (kernel_shape[axis] - 1) * dilations[axis] + 1;
  const fits = ([0, 1] as const).every((axis) => span(axis) > pads[axis] + pads[axis === 0 ? 2 : 3]);
  const group = d.pick([1, 1, 2, 3]);
  const x = input([d.int(1, 2), d.int(1, 4) * group, ...size]);
  const w = input([Number(x.shape[1]), d.int(1, 4), ...kernel_shape]);
  const extra = (axis: 0 | 1): number => d.int(0, Math.max(strides[axis], dilations[axis]) - 1);
  const output_padding = [extra(0), extra(1)] as const;
  const bias = d.chance(50) ? input([Number(w.shape[1]) * group]) : undefined;
  const shape = { ...attrs, pads: fits ? pads : ([0, 0, 0, 0] as const), group, output_padding };
  return b.convTranspose(x, w, shape, undefined, bias);
};

/** An image that a convolution makes half of the time, for pooling to find blocked. */
function image(d: Draw, b: Builder, input: Parameters<Drawn>[2], size: readonly number[]): Value {
  const c = channels(d);
  const x = input([d.int(1, 3), c, ...size]);
  if (d.chance(50)) return x;
  const k = channels(d);
  return b.conv(x, input([k, c, 1, 1]), undefined, pointwise);
}

/** A pooling window: less padding than the kernel, and PyTorch's half of it where sizes are rounded up. */
function pooling(d: Draw, dilated: boolean): PoolAttrs & { readonly size: readonly [number, number] } {
  const { size, dilations, pads, kernel_shape, strides } = window(d, dilated);
  const ceil = d.chance(30);
  const side = (pad: number, kernel: number): number =>
    Math.min(pad, ceil ? Math.floor(kernel / 2) : kernel - 1);
  const [top, left] = [side(pads[0], kernel_shape[0]), side(pads[1], kernel_shape[1])];
  const [bottom, right] = ceil
    ? [top, left]
    : [side(pads[2], kernel_shape[0]), side(pads[3], kernel_shape[1])];
  const fits = (axis: 0 | 1): number => Math.max(size[axis], (kernel_shape[axis] - 1) * dilations[axis] + 1);
  return {
    ...{ kernel_shape, strides, pads: [top, left, bottom, right], size: [fits(0), fits(1)] },
    ...(dilated && { dilations }),
    ...(ceil && { ceil_mode: 1 }),
  };
}

const maxPool: Drawn = (d, b, input) => {
  const { size, ...attrs } = pooling(d, true);
  return b.maxPool(image(d, b, input, size), attrs)[0];
};

const averagePool: Drawn = (d, b, input) => {
  const { size, ...attrs } = pooling(d, false);
  return b.averagePool(image(d, b, input, size), { ...attrs, countIncludePad: d.chance(50) });
};

const batchNormTrain: Drawn = (d, b, input) => {
  const x = image(d, b, input, [d.int(2, 5), d.int(1, 5)]);
  const c = [Number(x.shape[1])];
  const state = {
    scale: input(c),
    bias: input(c),
    mean: input(c, 'running_mean'),
    variance: input(c, 'running_var'),
  };
  const result = b.batchNormTrain(x, state, { momentum: 0.1, eps: d.pick([1e-5, 1e-3]) });
  return result.y;
};

const batchNormalization: Drawn = (d, b, input) => {
  const x = image(d, b, input, [d.int(1, 5), d.int(1, 5)]);
  const c = [Number(x.shape[1])];
  return b.batchNormalization(
    x,
    { scale: input(c), bias: input(c), mean: input(c, 'running_mean'), variance: input(c, 'running_var') },
    1e-5,
  );
};

const matMul: Drawn = (d, b, input) => {
  const [m, k, n] = [d.int(1, 5), d.int(1, 5), d.int(1, 5)];
  const outer = dims(d, d.int(0, 2));
  return b.matMul(input([...outer, m, k]), input([...narrower(d, outer), k, n]));
};

const gemm: Drawn = (d, b, input) => {
  const [m, k, n] = [d.int(1, 5), d.int(1, 5), d.int(1, 5)];
  const [transA, transB] = [d.chance(50), d.chance(50)];
  const c = d.pick([undefined, [n], [1, n], [m, 1], [m, n], []]);
  const operands = [input(transA ? [k, m] : [m, k]), input(transB ? [n, k] : [k, n]), c && input(c)];
  const factors = d.chance(50) ? { alpha: d.pick([0.5, -2]), beta: d.pick([0, 0.25, 3]) } : {};
  return b.emit(ops.Gemm, operands, { transA: Number(transA), transB: Number(transB), ...factors });
};

const slice: Drawn = (d, b, input) => {
  const rank = d.int(1, 4);
  const shape = dims(d, rank).map((dim) => dim + 1);
  const axes = d.shuffled(shape.map((_, i) => i)).slice(0, d.int(1, rank));
  const ranges = axes.map((axis) => {
    const size = shape[axis] ?? 1;
    const [low, high] = [d.int(0, size - 1), d.int(1, size)].sort((x, y) => x - y) as [number, number];
    const step = d.pick([1, 1, 2, 3]);
    if (d.chance(25)) return { start: size - 1, end: low - size - 1, step: -step };
    return { start: d.chance(30) ? low - size : low, end: Math.max(high, low + 1), step };
  });
  return b.slice(input(shape), {
    axes: axes.map((axis) => (d.chance(30) ? axis - rank : axis)),
    starts: ranges.map(({ start }) => start),
    ends: ranges.map(({ end }) => end),
    steps: ranges.map(({ step }) => step),
  });
};

const pad: Drawn = (d, b, input) => {
  const rank = d.int(1, 4);
  const x = input(dims(d, rank));
  const mode = d.pick(['constant', 'constant', 'reflect', 'edge']);
  const pads = d.list(2 * rank, () => d.int(0, 2));
  if (mode === 'constant') return b.pad(x, pads);
  // A reflection leaves the edge itself out.
  const most = (axis: number): number => (mode === 'reflect' ? Number(x.shape[axis % rank]) - 1 : 2);
  return b.emit(ops.Pad, [x], { mode, pads: pads.map((each, axis) => Math.min(each, most(axis))) });
};

const reshape: Drawn = (d, b, input) => {
  const shape = dims(d, d.int(1, 4));
  const size = shape.reduce((product, dim) => product * dim, 1);
  const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((each) => size % each === 0);
  const first = d.pick(divisors);
  return b.reshape(input(shape), d.chance(50) ? [first, size / first] : [size / first, 1, first]);
};

const transpose: Drawn = (d, b, input) => {
  const shape = dims(d, d.int(1, 5));
  return b.transpose(input(shape), d.shuffled(shape.map((_, i) => i)));
};

const concat: Drawn = (d, b, input) => {
  const shape = dims(d, d.int(1, 4));
  const axis = d.int(0, shape.length - 1);
  return b.concat(
    d.list(d.int(2, 4), () => input(shape.with(axis, d.int(1, 4)))),
    axis,
  );
};

const expand: Drawn = (d, b, input) => {
  const shape = dims(d, d.int(1, 4));
  return b.expandLike(input(narrower(d, shape)), input(shape));
};

const where: Drawn = (d, b, input) => {
  const shape = dims(d, d.int(0, 4));
  const condition = b.greater(input(shape), input(narrower(d, shape)));
  return b.where(condition, input(narrower(d, shape)), input(narrower(d, shape)));
};

/** What is drawn, by operator. */
export const operators: Readonly<Record<string, Drawn>> = {
  Abs: unary((b, x) => b.abs(x)),
  Neg: unary((b, x) => b.neg(x)),
  Exp: unary((b, x) => b.exp(x)),
  Log: unary((b, x) => b.log(x), 'positive'),
  Sqrt: unary((b, x) => b.sqrt(x), 'positive'),
  Reciprocal: unary((b, x) => b.reciprocal(x), 'positive'),
  Erf: unary((b, x) => b.erf(x)),
  Relu: unary((b, x) => b.relu(x)),
  Sigmoid: unary((b, x) => b.sigmoid(x)),
  Tanh: unary((b, x) => b.tanh(x)),
  Identity: unary((b, x) => b.identity(x)),
  Add: binary((b, x, y) => b.add(x, y)),
  Sub: binary((b, x, y) => b.sub(x, y)),
  Mul: binary((b, x, y) => b.mul(x, y)),
  Div: binary((b, x, y) => b.div(x, y), 'positive'),
  Pow: binary((b, x, y) => b.pow(y, x), 'positive'),
  Max: binary((b, x, y) => b.max(x, y)),
  Min: binary((b, x, y) => b.min(x, y)),
  ReduceSum: reduce((b, x, axes, keep) => b.reduceSum(x, axes, keep)),
  ReduceMean: reduce((b, x, axes, keep) => b.reduceMean(x, axes, keep)),
  ReduceMax: reduce((b, x, axes, keep) => b.reduceMax(x, axes, keep)),
  Softmax: along((b, x, axis) => b.softmax(x, axis)),
  LogSoftmax: along((b, x, axis) => b.logSoftmax(x, axis)),
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: (d, b, input) => b.globalAveragePool(image(d, b, input, [d.int(1, 5), d.int(1, 5)])),
  BatchNormTrain: batchNormTrain,
  BatchNormalization: batchNormalization,
  MatMul: matMul,
  Gemm: gemm,
  Slice: slice,
  Pad: pad,
  Reshape: reshape,
  Transpose: transpose,
  Concat: concat,
  Expand: expand,
  Where: where,
};

/** A case of one operator: sum(y g) and its gradients. */
export function operatorCase(kind: string, d: Draw): FuzzCase {
  const draw = operators[kind];
  if (draw === undefined) throw new TypeError(`no generator of ${kind}`);
  const b = new Builder();
  const inputs: Value[] = [];
  const y = draw(d, b, (shape, name) => {
    const value = b.input(name ?? `x${inputs.length}`, 'float32', shape);
    inputs.push(value);
    return value;
  });
  const words = b.nodes.map(({ op, inputs: operands, attrs }) => {
    const shapes = operands.map((operand) => `[${operand?.shape.join(',') ?? ''}]`).join(' ');
    return `${op.name} ${shapes} ${JSON.stringify(attrs)}`;
  });
  const weighted = b.mul(y, b.input('g', 'float32', y.shape));
  const loss =
    y.shape.length === 0
      ? weighted
      : b.reduceSum(
          weighted,
          y.shape.map((_, axis) => axis),
        );
  // Where a value does not matter (an operand of a comparison, the shape of an expansion) there is no gradient, nor is one
  // defined of running statistics.
  const wanted = inputs.filter((input) => !input.name.startsWith('running') && matters(b, loss, input));
  const grads = gradients(b, loss, wanted);
  const outputs = grads.map((grad, i) => ({ name: `d_${wanted[i]?.name ?? ''}`, value: b.identity(grad) }));
  const graph = b.finish('fuzz', [
    { name: 'y', value: b.identity(y) },
    { name: 'loss', value: b.identity(loss) },
    ...outputs,
  ]);
  const names = Object.fromEntries(outputs.map(({ name }, i) => [name, wanted[i]?.name ?? '']));
  return { name: words.join('; '), kind, graph, grads: names, batch: 1 };
}

/** Whether the loss depends on an input by operators that have a gradient. */
function matters(b: Builder, loss: Value, input: Value): boolean {
  const reached = new Set<Value>([input]);
  for (const { op, inputs, outputs } of b.nodes) {
    const operands = op.name === 'Expand' ? inputs.slice(0, 1) : inputs;
    if (op.name === 'Shape' || op.name === 'Greater') continue;
    if (operands.some((operand) => operand !== undefined && reached.has(operand)))
      reached.add(outputs[0] as Value);
  }
  return reached.has(loss);
}
