import type { Node, Value } from '../../ir/index.js';
import {
  batchNormGiven,
  batchNormGrad,
  batchNormTrain,
  type Affine,
  type NormTarget,
  type Shifted,
} from '../rewrite/batch-norm.js';
import type { Context } from './context.js';
import { affine } from './depthwise.js';
import type { Factored, Forms } from './forms.js';
import { Pending } from './pending.js';
import { channelMean, meanProduct } from './reduce.js';

/** Blocked images, which lie for the gradient as the forward pass has shifted them. */
function normTarget(context: Context, node: Node): NormTarget {
  const { f, b } = context;
  const key = (x: Value): string => `${x.name} shifted`;
  return {
    b,
    image: (value) => f.blocked(value),
    vector: (value) => f.vector(value),
    give: (value, form) => {
      f.set(value, form);
    },
    shifted(x) {
      const { z, shift } = shifted(context, node, x);
      return { z: f.once(key(x), () => z), shift };
    },
    shiftedAgain: (x) => f.once(key(x), () => f.blocked(x)),
    shiftedMean: (z) => channelMean(f, z),
    mean: (x) => channelMean(f, x),
    meanProduct: (x, y) => meanProduct(f, x, y),
  };
}

/**
 * Where x is a convolution that nobody else needs, the mean of a few of its pixels costs next to nothing and goes into its
 * bias: it lies a quarter of a deviation or so from the mean, be that 10,000 deviations. (The running mean would cost
 * nothing at all, but is 0 in the first step and says nothing about this batch.) Elsewhere the batch's own mean is
 * subtracted, in one more pass over x.
 */
function shifted({ f, b, users }: Context, node: Node, x: Value): Shifted {
  const isOurs = (user: Node): boolean =>
    user === node || (user.op.name === 'BatchNormGrad' && user.inputs[0] === x);
  const isAlone = (users.get(x) ?? []).every(isOurs);
  const made = isAlone ? f.pending(x)?.emitShifted((shift) => b.neg(shift)) : undefined;
  return made ?? centred(f, f.blocked(x));
}

/** x without its mean. */
function centred(f: Forms, x: Value): Shifted {
  const shift = channelMean(f, x);
  const data = new Float32Array(Number(shift.shape[0])).fill(1);
  const one = f.b.constant({ dtype: 'float32', shape: [data.length], data }, 'ones');
  return { z: affine(f, x, one, f.b.neg(shift)), shift };
}

/** Batch normalisation in training, in three passes: x, its square, and the affine map. */
export function normTrain(context: Context, node: Node): Pending {
  return mapped(context.f, batchNormTrain(normTarget(context, node), node));
}

/** Its gradient: one pass, and the factor that is still to be multiplied with. */
export function normGrad(context: Context, node: Node): Factored {
  const { inner, factor } = batchNormGrad(normTarget(context, node), node);
  return { image: affine(context.f, inner.x, inner.factor, inner.offset, inner.sum), factor };
}

/** Batch normalisation with given statistics. */
export function normGiven(context: Context, node: Node): Pending {
  return mapped(context.f, batchNormGiven(normTarget(context, node), node));
}

/** An affine map, into which another image and a ReLU go. */
function mapped(f: Forms, { x, factor, offset }: Affine): Pending {
  return new Pending({
    make({ sum, relu, offset: more }) {
      return affine(f, x, factor, more === undefined ? offset : f.b.add(offset, more), sum, relu);
    },
  });
}

/** x times a number for each channel. */
export function scaled(f: Forms, x: Value, factor: Value): Value {
  return affine(f, f.blocked(x), f.vector(factor), undefined);
}
