import { prune, type Graph, type Node, type Value } from '../../ir/index.js';
import { nodeFlops, type ConvAttrs } from '../../ops/index.js';
import { lowerPortable } from '../rewrite/lower-portable.js';
import { roundUp, weightShape } from '../layout/weight-layout.js';
import { contextOf, type Context } from './context.js';
import { formsOf } from './conv-forms.js';
import { forwardAxes } from './conv.js';
import { dims4 } from '../rewrite/dims.js';
import { preparedFor, type CpuOptions } from './lower-cpu.js';
import { operands, placementOf } from './placement.js';
import { isPointwise } from './pointwise-grad.js';
import { lowerNode } from './rules.js';
import { findSplitPools, nodesOf } from './split-pool.js';
import { tidyReshapes } from '../rewrite/tidy.js';
import { bandCount } from './virtual-batch.js';
import { widened } from './widen.js';

/** Convolutions alike, of which one form or another is the fastest. */
export interface Tunable {
  /** Operator, shapes, attributes and layout: what the fastest form depends on, for one machine. */
  readonly key: string;
  /** Names of the nodes. */
  readonly nodes: readonly string[];
  /** Floating-point operations of all of them together. */
  readonly flops: number;
  /** The one that the written heuristic takes comes first. */
  readonly forms: readonly [heuristic: string, ...others: string[]];
  /** One of them alone in that form, from blocked tensors to blocked tensors; all forms have the same inputs and outputs. */
  readonly trial: (form: string) => Graph;
}

/**
 * The convolutions and gradients of a portable graph that have several forms, those that take the most operations first.
 *
 * @example
 * const [largest] = tunables(buildGraph(network, 'step', options), { blockSize: 16, batch: 64 });
 * for (const form of largest.forms) await time(largest.trial(form));
 */
export function tunables(
  portable: Graph,
  { blockSize, batch }: Pick<CpuOptions, 'blockSize' | 'batch'>,
): readonly Tunable[] {
  const context = contextOf(preparedFor(portable, batch), blockSize);
  const split = new Set(findSplitPools(context).flatMap(nodesOf));
  const found = new Map<string, Tunable>();
  for (const node of context.graph.nodes) {
    const forms = split.has(node) ? undefined : formsOf(context, node);
    if (forms === undefined || forms.length === 1) continue;
    const key = keyOf(context, node);
    const { nodes = [], flops = 0 } = found.get(key) ?? {};
    found.set(key, {
      key,
      nodes: [...nodes, node.name],
      flops: flops + nodeFlops(node, batch),
      forms,
      trial: (form) => trialGraph(context, node, form),
    });
  }
  return [...found.values()].sort((a, b) => b.flops - a.flops);
}

/** `Conv 64x32x12x12 to 64x32x12x12, kernel 5x5, stride 1x1, padding 2x2x2x2, blocks of 16` */
function keyOf(context: Context, node: Node): string {
  const { x, y } = operands(node);
  const { kernel_shape, strides, pads, dilations, group } = node.attrs as unknown as ConvAttrs;
  const by = (sizes: readonly unknown[]): string => sizes.join('x');
  return [
    `${node.op.name} ${by(x.shape)} to ${by(y.shape)}`,
    `kernel ${by(kernel_shape)}`,
    `stride ${by(strides)}`,
    `padding ${by(pads)}`,
    ...(dilations.some((d) => d !== 1) ? [`dilation ${by(dilations)}`] : []),
    ...(group === 1 ? [] : [`groups ${group}`]),
    ...(placementOf(context, node)?.isPlain === true ? ['plain image'] : []),
    ...(isCopied(context, node) ? ['copied'] : []),
    `blocks of ${context.f.block}`,
  ].join(', ');
}

/** Whether the gradient of the weight needs the image with its zeros anyway, so that a wide form gets the copy for nothing. */
function isCopied(context: Context, node: Node): boolean {
  const { users, f } = context;
  if (node.op.name !== 'Conv') return false;
  const { x, y } = operands(node);
  const [, { axis: columns }] = forwardAxes(node);
  const { stride, before, after, out, kernel, size, dilation } = columns;
  const reach = Math.max((out - 1) * stride + kernel - size - before, 0);
  const [n, , oh] = dims4(y);
  if (dilation !== 1 || reach !== after || bandCount(n, oh, f.block) > 1) return false;
  const isGradient = (user: Node): boolean =>
    user.op.name === 'ConvWeightGrad' &&
    user.inputs[0] === x &&
    !isPointwise(user) &&
    (['kernel_shape', 'strides', 'pads', 'dilations', 'group'] as const).every(
      (name) => String(user.attrs[name]) === String(node.attrs[name]),
    );
  return (users.get(x) ?? []).some(isGradient);
}

function trialGraph(context: Context, original: Node, form: string): Graph {
  // The bias would be one more input, and costs nothing.
  const node = { ...original, inputs: original.inputs.slice(0, 2) };
  const { x, w, y } = operands(node);
  const placement = placementOf(context, original);
  if (placement === undefined) throw new Error(`${node.name} has no blocked form`);
  const { layout, isPlain } = placement;
  const graph = { name: 'trial', inputs: isPlain ? [x] : [], constants: [], nodes: [node], outputs: [] };
  const trial = contextOf(graph, context.f.block, { [node.name]: form });
  const { b, f } = trial;
  const image = (value: Value, name: string): Value => {
    const [n, c, height, width] = dims4(value);
    return b.input(name, 'float32', [n, roundUp(c, f.block), height, width]);
  };
  const isMade = (value: Value): boolean => node.outputs[0] === value;
  if (!isMade(x))
    f.set(x, isPlain ? { plain: b.input('x', 'float32', x.shape) } : { blocked: image(x, 'x') });
  if (!isMade(y)) f.set(y, { blocked: image(y, 'y') });
  if (!isMade(w)) {
    const value = b.input('w', 'float32', weightShape(w.shape.map(Number), f.block, layout));
    f.set(w, { weights: [{ layout, value }] });
  }
  if (!lowerNode(trial, node)) throw new Error(`${node.name} has no blocked form`);
  const outputs = [{ name: 'result', value: isMade(w) ? f.weight(w, layout) : f.blocked(isMade(x) ? x : y) }];
  if (isCopied(context, original)) {
    const [, { axis }] = forwardAxes(node);
    outputs.push({ name: 'copy', value: widened(f, f.blocked(x), axis.before, axis.after) });
  }
  return tidyReshapes(lowerPortable(prune(b.finish('trial', outputs))));
}
