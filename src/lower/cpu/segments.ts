import { prune, type Graph, type Node, type Value } from '../../ir/index.js';
import { shapeInTarget, type SegmentKind } from '../layout/placed-bundle.js';
import { placeState, type VectorBundles, type TargetState } from '../layout/target-state.js';
import { sameLayout } from '../layout/weight-layout.js';
import type { SegmentRules } from '../rewrite/bundles.js';
import { bindDims } from '../rewrite/static-batch.js';
import { contextOf, type Choices, type Context } from './context.js';
import { placementOf } from './placement.js';

/**
 * Lays out the vectors of a run as the convolutions of a network's forward pass need their weights. Neither that nor what the
 * gradients want depends on the batch size.
 *
 * @param forward - Has the bundles among its inputs, by their names.
 */
export function layoutCpu(forward: Graph, { blockSize, vectors, choices }: CpuLayoutOptions): TargetState {
  // Batch normalisation takes no fewer.
  const graph = prune(bindDims(forward, { N: 2 }));
  const context = contextOf(graph, blockSize, choices);
  const kinds = new Map(
    graph.nodes.flatMap(({ op, inputs: [flat], outputs: [value], attrs }) =>
      op.name === 'BundleGet' && flat !== undefined && value !== undefined
        ? [[`${flat.name}/${String(attrs['slot'])}`, segmentKind(context, value)] as const]
        : [],
    ),
  );
  return placeState(vectors, blockSize, (bundle, { name }) => kinds.get(`${bundle.name}/${name}`) ?? 'plain');
}

/** What `layoutCpu` lays out. */
export interface CpuLayoutOptions {
  /** Channels in a block. */
  readonly blockSize: number;
  readonly vectors: VectorBundles;
  /** A convolution that is to stay portable wants its weight as it is. */
  readonly choices?: Choices | undefined;
}

/** How the users of a tensor of the state want it. */
function segmentKind(context: Context, value: Value): SegmentKind {
  const users = context.users.get(value) ?? [];
  const placement = (node: Node): ReturnType<typeof placementOf> =>
    context.choices[node.name] === 'portable' ? undefined : placementOf(context, node);
  const isVector = (node: Node): boolean => {
    const { op, inputs } = node;
    if (op.name === 'Conv') return placement(node) !== undefined && inputs[2] === value;
    if (op.name === 'BatchNormalization') return inputs[0] !== value;
    return op.name === 'BatchNormTrain' && (inputs[1] === value || inputs[2] === value);
  };
  if (users.length === 0) return 'plain';
  if (users.every(isVector)) return 'vector';
  const layouts = users.map((node) => (node.inputs[1] === value ? placement(node)?.layout : undefined));
  const [first] = layouts;
  const isOne = layouts.every(
    (layout) => layout !== undefined && first !== undefined && sameLayout(layout, first),
  );
  return first !== undefined && isOne ? first : 'plain';
}

/** How weights lie in the vectors: in the layout of the convolutions that want them. */
export function segmentRules({ b, f }: Context): SegmentRules {
  return {
    cut(value, segment, part) {
      const { kind } = segment;
      const shaped = b.reshape(part, shapeInTarget(segment, f.block));
      if (kind === 'plain') f.set(value, { plain: shaped });
      else if (kind === 'vector') f.set(value, { vector: shaped });
      else f.set(value, { weights: [{ layout: kind, value: shaped }] });
    },
    part(value, { kind }) {
      if (kind === 'plain') return f.plain(value);
      return kind === 'vector' ? f.vector(value) : f.weight(value, kind);
    },
  };
}
