import type { Node, Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import { batchNormGiven, batchNormGrad, batchNormTrain, type Affine, type NormTarget } from './batch-norm.js';
import type { FormTable, PlainForm } from './form-table.js';

/** How a target's images, on which vectors of channels broadcast, lie. */
export interface ImageLayout {
  readonly b: Builder;
  readonly f: FormTable<PlainForm> & { plain(value: Value): Value };
  readonly image: (value: Value) => Value;
  /** Mean over N, H and W: [C]. */
  readonly mean: (x: Value) => Value;
  /** [C] in the shape that broadcasts. */
  readonly along: (vector: Value) => Value;
}

/** Batch normalisation by broadcasting, of images less their mean: each gives the image, and records all vectors. */
export interface BroadcastNorm {
  readonly train: (node: Node) => Value;
  readonly grad: (node: Node) => Value;
  readonly given: (node: Node) => Value;
}

/** Batch normalisation for a target whose images are mapped by Mul and Add. */
export function broadcastNorm({ b, f, image, mean, along }: ImageLayout): BroadcastNorm {
  const centred = (x: Value, by: Value): Value =>
    f.once(`${x.name} centred`, () => b.sub(image(x), along(by), 'centred'));
  const target: NormTarget = {
    ...{ b, image, mean },
    vector: (value) => f.plain(value),
    give: (value, form) => {
      f.set(value, 'vector' in form ? { plain: form.vector } : form);
    },
    shifted(x) {
      const shift = mean(image(x));
      return { z: centred(x, shift), shift };
    },
    shiftedAgain: (x, by) => centred(x, f.plain(by)),
    shiftedMean: () => undefined,
    meanProduct: (x, y) => mean(b.mul(x, y)),
  };
  const mapped = ({ x, factor, offset, sum }: Affine, name?: string): Value => {
    const moved = b.add(b.mul(x, along(factor)), along(offset), name);
    return sum === undefined ? moved : b.add(moved, sum);
  };
  return {
    train: (node) => mapped(batchNormTrain(target, node), 'batch_norm'),
    given: (node) => mapped(batchNormGiven(target, node), 'batch_norm'),
    grad(node) {
      const { inner, factor } = batchNormGrad(target, node);
      return b.mul(mapped(inner), along(factor), 'batch_norm_grad');
    },
  };
}
