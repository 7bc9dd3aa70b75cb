import { staticShape, type Node, type Value } from '../../ir/index.js';
import type { ConvAttrs } from '../../ops/index.js';
import type { Context } from './context.js';
import { dims4, range, type Forms, type Pending } from './forms.js';
import {
  partOf,
  pixelsOfGradient,
  pixelsOfY,
  planOf,
  spectrumOfGradient,
  spectrumOfWeight,
  spectrumOfX,
  weightOfGradient,
  type Plan,
} from './spectra.js';

/** The operands of a convolution or one of its gradients: the image, the weight, the image after it. */
export interface ConvOperands {
  readonly x: Value;
  readonly w: Value;
  readonly y: Value;
  readonly bias: Value | undefined;
  readonly attrs: ConvAttrs;
}

/** The operands, whichever of them are given and made. */
export function operandsOf({ op, name, inputs: [first, second, third], outputs: [made], attrs }: Node): ConvOperands {
  if (first === undefined || second === undefined || made === undefined) throw new Error(`${name} lacks operands`);
  const rest = { bias: third, attrs: attrs as unknown as ConvAttrs };
  if (op.name === 'Conv') return { x: first, w: second, y: made, ...rest };
  if (op.name === 'ConvInputGrad') return { x: made, w: second, y: first, ...rest };
  return { x: first, w: made, y: second, ...rest };
}

/** The plan of a convolution, whose gradients have the same. */
export function convPlan({ x, y, attrs }: ConvOperands): Plan {
  const [, , h, w] = dims4(x);
  const [, , oh, ow] = dims4(y);
  return planOf(attrs, [h, w], [oh, ow]);
}

/** A convolution as products of spectra. */
export function spectralConv({ f, b }: Context, node: Node): Pending {
  const { x, w, bias, ...rest } = operandsOf(node);
  const plan = convPlan({ x, w, bias, ...rest });
  const spectrum = f.once(`${node.name} products`, () =>
    b.matMul(spectrumOfWeight(f, f.plain(w), plan), spectrumOfX(f, f.pixels(x), plan), 'products'),
  );
  return {
    at: (rows, columns) => withBias(f, pixelsOfY(f, spectrum, partOf(plan, rows, columns)), bias),
  };
}

/** Its input's gradient. */
export function spectralInputGrad({ f, b }: Context, node: Node): Value {
  const { w, y, ...rest } = operandsOf(node);
  const plan = convPlan({ w, y, ...rest });
  const { dy, part } = gradientAt(f, y, plan);
  const weight = b.transpose(spectrumOfWeight(f, f.plain(w), plan), [0, 2, 1]);
  return pixelsOfGradient(f, b.matMul(weight, spectrumOfGradient(f, dy, part), 'products'), plan);
}

/** Its weight's gradient. */
export function spectralWeightGrad({ f, b }: Context, node: Node): Value {
  const { x, w, y, ...rest } = operandsOf(node);
  const plan = convPlan({ x, w, y, ...rest });
  const { dy, part } = gradientAt(f, y, plan);
  const image = b.transpose(spectrumOfX(f, f.pixels(x), plan), [0, 2, 1]);
  const products = b.matMul(spectrumOfGradient(f, dy, part), image, 'products');
  return weightOfGradient(f, products, dims4(w), plan);
}

/** The gradient that arrives, without rows and columns that are known to be zero. */
function gradientAt(f: Forms, y: Value, plan: Plan): { readonly dy: Value; readonly part: Plan } {
  const dy = f.corner(y);
  const [rows, columns] = dims4(dy);
  return { dy, part: partOf(plan, range(rows), range(columns)) };
}

/** Pixels plus a bias [C]. */
export function withBias(f: Forms, x: Value, bias: Value | undefined): Value {
  if (bias === undefined) return x;
  const [c = 1] = staticShape(bias.shape);
  return f.b.add(x, f.b.reshape(f.plain(bias), [c, 1]), 'biased');
}

/** Whether a convolution has one group only. */
export function isUngrouped(node: Node): boolean {
  return (node.attrs as unknown as ConvAttrs).group === 1;
}
