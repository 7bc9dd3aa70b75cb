import { assert } from '../../errors.js';
import { convOperands, ints, operands, result } from '../rewrite/operands.js';
import type { Node, Value } from '../../ir/index.js';
import { ops, type ConvAttrs } from '../../ops/index.js';
import { directLayout } from '../layout/weight-layout.js';
import { blockedConv } from './blocked-ops.js';
import type { Context } from './context.js';
import { dims4 } from '../rewrite/dims.js';
import { isTiled, poolAttrs } from './max-pool.js';
import { placementOf } from './placement.js';
import { weightGradient } from './weight-grad.js';

/** A first layer, maxpool(relu(conv(x))), and the nodes of its gradient. */
export interface SplitPool {
  readonly conv: Node;
  readonly relu: Node | undefined;
  readonly pool: Node;
  readonly grad: Node | undefined;
  readonly weightGrads: readonly Node[];
}

/** What the forward pass leaves for the gradient, one element for each place in the pooling window, row by row. */
interface Places {
  readonly images: readonly Value[];
  readonly values: readonly Value[];
  gradients: readonly Value[];
}

/**
 * First layers whose image before the pooling nobody needs as a whole: only the pooling, its gradient, and what that
 * passes on to the weight and the bias. At most four places, more would take more passes than they save.
 */
export function findSplitPools(context: Context): readonly SplitPool[] {
  return context.graph.nodes.flatMap((pool) => {
    const found = pool.op.name === 'MaxPool' && isTiled(pool) ? match(context, pool) : undefined;
    return found === undefined ? [] : [found];
  });
}

function match(context: Context, pool: Node): SplitPool | undefined {
  const { makers, users, graph } = context;
  const usersOf = (value: Value | undefined): readonly Node[] => (value && users.get(value)) ?? [];
  const isOutput = (value: Value): boolean => graph.outputs.some((output) => output.value === value);
  const [before] = pool.inputs;
  const [kh, kw] = poolAttrs(pool).kernel_shape;
  const last = before && makers.get(before);
  const relu = last?.op.name === 'Relu' ? last : undefined;
  const made = relu?.inputs[0] ?? before;
  const conv = made && makers.get(made);
  const [x] = conv?.inputs ?? [];
  if (before === undefined || made === undefined || conv?.op.name !== 'Conv' || x === undefined)
    return undefined;
  if (placementOf(context, conv)?.isPlain !== true || kh * kw > 4 || isOutput(before)) return undefined;
  const grads = usersOf(before).filter((node) => node !== pool);
  const [grad] = grads;
  if (grads.length > 1 || (grad !== undefined && grad.op.name !== 'MaxPoolGrad')) return undefined;
  if (relu !== undefined && (usersOf(made).length !== 1 || isOutput(made))) return undefined;
  if (usersOf(pool.outputs[1]).some((node) => node !== grad)) return undefined;
  const after = usersOf(grad?.outputs[0]);
  const weightGrads = after.filter(({ op }) => op.name === 'ConvWeightGrad');
  const fits = after.every((node) =>
    node.op.name === 'ConvWeightGrad'
      ? node.inputs[0] === x && node.inputs[1] === grad?.outputs[0]
      : node.op.name === 'ReduceSum' && ints(node, 'axes').join() === '0,2,3',
  );
  const { dilations } = conv.attrs as unknown as ConvAttrs;
  return fits && dilations.every((d) => d === 1) ? { conv, relu, pool, grad, weightGrads } : undefined;
}

/**
 * Lowers first layers: one convolution for each place in the pooling window, with the window's stride, and their maximum.
 * The image before the pooling, the largest of the network, then never exists in one piece, nor does its gradient. With m
 * the maximum of v0, v1, ... in row-major order, what each place leaves to those after it is
 *
 *     r1 = dy [m > v0],  r2 = r1 [m > v1], ...  and so  dv0 = dy - r1,  dv1 = r1 - r2, ...
 *
 * which gives the first maximum all of dy, exactly. The weight's gradient is the sum over the places.
 */
export function splitPoolRule(context: Context, isKept: (node: Node) => boolean): (node: Node) => boolean {
  const layers = findSplitPools(context).filter((layer) => !nodesOf(layer).some(isKept));
  const states = new Map<SplitPool, Places>();
  const { f, b } = context;
  return (node) => {
    const layer = layers.find((each) => nodesOf(each).includes(node));
    if (layer === undefined) return false;
    if (node === layer.pool) {
      const places = forward(context, layer);
      states.set(layer, places);
      const [y] = node.outputs;
      if (y !== undefined) f.set(y, { blocked: b.emit(ops.Max, places.values, {}, 'max_pool') });
      return true;
    }
    const places = states.get(layer);
    if (node === layer.grad && places !== undefined) places.gradients = gradientsOf(context, node, places);
    if (layer.weightGrads.includes(node) && places !== undefined) weightRule(context, layer, node, places);
    return true;
  };
}

/** All of its nodes. */
export function nodesOf({ conv, relu, pool, grad, weightGrads }: SplitPool): readonly Node[] {
  return [conv, relu, pool, grad, ...weightGrads].flatMap((node) => (node === undefined ? [] : [node]));
}

function forward({ f, b }: Context, { conv, relu, pool }: SplitPool): Places {
  const { x, w, bias, attrs: own } = convOperands(conv);
  const attrs = strided(conv, pool);
  const [kh, kw] = poolAttrs(pool).kernel_shape;
  const [sh, sw] = own.strides;
  const [, , oh, ow] = dims4(result(pool));
  const [top, left, bottom, right] = own.pads;
  const padded = b.pad(f.plain(x), [0, 0, top, left, 0, 0, bottom, right]);
  const weight = f.weight(w, directLayout);
  const offset = bias === undefined ? undefined : f.vector(bias);
  const images: Value[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const starts = [i * sh, j * sw];
      const ends = [
        i * sh + (oh - 1) * attrs.strides[0] + attrs.kernel_shape[0],
        j * sw + (ow - 1) * attrs.strides[1] + attrs.kernel_shape[1],
      ];
      images.push(b.slice(padded, { axes: [2, 3], starts, ends }, 'place'));
    }
  }
  const activation = relu === undefined ? {} : { activation: 'Relu' };
  const values = images.map((image) =>
    b.emit(blockedConv, [image, weight, offset], { ...attrs, ...activation }, 'conv'),
  );
  return { images, values, gradients: [] };
}

function gradientsOf({ f, b }: Context, node: Node, { values }: Places): readonly Value[] {
  const [, y, , dy] = operands(node, 4);
  const max = f.blocked(y);
  let rest = f.blocked(dy);
  return values.map((value, i) => {
    if (i === values.length - 1) return rest;
    const left = b.mul(rest, b.cast(b.greater(max, value), 'float32'), 'rest');
    const mine = b.sub(rest, left, 'grad');
    rest = left;
    return mine;
  });
}

function weightRule(context: Context, layer: SplitPool, node: Node, { images, gradients }: Places): void {
  const { f, b } = context;
  const attrs = strided(layer.conv, layer.pool);
  const parts = gradients.map((gradient, i) => {
    const image = images[i];
    assert(image, `${node.name}: no image of place ${i}`);
    return weightGradient(f, image, gradient, attrs, { isPlain: true, group: 1 });
  });
  const value = parts.reduce((sum, part) => b.add(sum, part, 'weight_grad'));
  f.set(result(node), { weights: [{ layout: directLayout, value }] });
}

/** The convolution with the stride of convolution and pooling together, and no padding. */
function strided(conv: Node, pool: Node): ConvAttrs {
  const attrs = conv.attrs as unknown as ConvAttrs;
  const [kh, kw] = poolAttrs(pool).kernel_shape;
  return { ...attrs, strides: [attrs.strides[0] * kh, attrs.strides[1] * kw], pads: [0, 0, 0, 0] };
}
