import type { Node, Value } from '../../ir/index.js';
import { convOperands, isConv } from '../rewrite/operands.js';
import {
  denseLayout,
  directLayout,
  groupsTogether,
  roundUp,
  type WeightLayout,
  weightShape,
} from '../layout/weight-layout.js';
import type { Context } from './context.js';
import { dims4 } from '../rewrite/dims.js';

/** How a convolution, or one of its gradients, lies on blocked tensors. */
export interface Placement {
  readonly layout: WeightLayout;
  /** Whether the image is read as it is, with fewer channels than a block. */
  readonly isPlain: boolean;
  /** Whether each channel has one filter of its own. */
  readonly isDepthwise: boolean;
  /** Groups of the blocked convolution. */
  readonly group: number;
}

/** Multiplications for each one that counts, from which on groups that lie together are slower than apart. */
const MOST_ZEROS = 32;

/** The placement of a convolution or of one of its gradients; undefined for other nodes, and where the portable form is kept. */
export function placementOf(context: Pick<Context, 'graph' | 'f'>, node: Node): Placement | undefined {
  if (!isConv(node)) return undefined;
  const { x, w, attrs } = convOperands(node);
  if (x.dtype !== 'float32') return undefined;
  const { block } = context.f;
  const { group } = attrs;
  const [, channels] = dims4(x);
  const isPlain = group === 1 && isPlainImage(context, x);
  if (group === 1) {
    return { layout: isPlain ? directLayout : denseLayout, isPlain, isDepthwise: false, group };
  }
  const [k, c] = dims4(w);
  if (c === 1 && k === group) {
    return { layout: directLayout, isPlain, isDepthwise: true, group: roundUp(channels, block) };
  }
  const layout = { direct: false, group };
  const [kp, cp] = weightShape([k, c], block, layout);
  if (kp * cp > MOST_ZEROS * k * c) return undefined;
  return {
    layout,
    isPlain,
    isDepthwise: false,
    group: Math.ceil(group / groupsTogether([k, c], block, layout)),
  };
}

/** Whether an image of few channels comes from outside: the first convolution then reads it as it is. */
export function isPlainImage({ graph, f }: Pick<Context, 'graph' | 'f'>, x: Value): boolean {
  return Number(x.shape[1]) < f.block && graph.inputs.includes(x);
}
