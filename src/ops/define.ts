import { ShapeError } from '../errors.js';
import type { Attrs, OpDef, Shape, TensorType, Value } from '../ir/index.js';
import { completeAttrs, type AttrInputs, type AttrRules } from './attributes.js';
import type { Emitter } from './emitter.js';

/** Input lists by arity; `2..3` has an optional last input, `n` any number. */
interface Inputs<T> {
  0: readonly [];
  1: readonly [T];
  2: readonly [T, T];
  3: readonly [T, T, T];
  4: readonly [T, T, T, T];
  5: readonly [T, T, T, T, T];
  '1..2': readonly [T, T?];
  '1..3': readonly [T, T?, T?];
  '2..3': readonly [T, T, T?];
  n: readonly T[];
}

/** How many inputs an operator takes. */
export type Arity = keyof Inputs<unknown>;

/** What a gradient rule sees. */
export interface GradientContext<X, A> {
  /** Emits the nodes of the backward pass. */
  readonly b: Emitter;
  /** Inputs of the forward node. */
  readonly x: X;
  /** First output of the forward node. */
  readonly y: Value;
  /** All outputs of the forward node. */
  readonly outputs: readonly Value[];
  /** Gradient of the loss with respect to `y`, of y's shape. */
  readonly dy: Value;
  readonly attrs: A;
}

/**
 * The three answers that an operator may give: a rule that returns one gradient an input (undefined where there is
 * none), `none` (piecewise constant or integer: nothing flows), or `refuse` with the reason.
 */
export type Gradient<X, A> =
  | ((context: GradientContext<X, A>) => readonly (Value | undefined)[])
  | { readonly none: string }
  | { readonly refuse: string };

/** What a lowering sees when it replaces a composite operator. */
export interface ExpandContext<X, A> {
  readonly b: Emitter;
  readonly x: X;
  readonly attrs: A;
  /** The node's name within its layer. */
  readonly name: string;
}

/** An operator as its file describes it. */
interface OpSpec<N extends Arity, A> {
  readonly name: string;
  /** Where the semantics are written down; ONNX's page unless given. */
  readonly source?: string;
  /** How many inputs there are; without it any number is taken. */
  readonly arity?: N;
  /** Every attribute that the operator honours; any other one is refused. Without it none is checked. */
  readonly attributes?: AttrRules;
  /**
   * Translates other attributes of a node into those of `attributes` (`auto_pad` into `pads`), before the rest is filled
   * in; `opset` is the operator set of the file that the node comes from, undefined for a node that is built.
   */
  readonly settle?: (attrs: Attrs, inputs: AttrInputs, opset: number | undefined) => Attrs;
  /** Shape of the one output (of the first input's dtype), or the types of all outputs. */
  infer(inputs: Inputs<TensorType>[N], attrs: A): Shape | readonly TensorType[];
  readonly gradient: Gradient<Inputs<Value>[N], A>;
  /** For an operator that ONNX does not have: the same in standard operators, one value an output. */
  readonly expand?: (context: ExpandContext<Inputs<Value>[N], A>) => readonly Value[];
  /** For one that ONNX has: the same in others, where ONNX Runtime does not run it; undefined where it does. */
  readonly rephrase?: (context: ExpandContext<Inputs<Value>[N], A>) => readonly Value[] | undefined;
  readonly floats?: readonly (keyof A & string)[];
  readonly tensorAttrs?: Readonly<Partial<Record<keyof A & string, number>>>;
}

/** An operator with its gradient rule, arity and attributes erased. */
export interface Op extends OpDef {
  readonly source: string;
  /** The attributes that it honours; undefined where none is checked. */
  readonly attributes: AttrRules | undefined;
  readonly gradient: Gradient<readonly (Value | undefined)[], Attrs>;
  /** Its portable form; undefined where that is the operator itself. */
  readonly expand?: (
    context: ExpandContext<readonly (Value | undefined)[], Attrs>,
  ) => readonly Value[] | undefined;
}

/**
 * Defines an operator: shape inference and gradient rule, side by side.
 *
 * @example
 * export const neg = defineOp<1>({
 *   name: 'Neg',
 *   infer: ([x]) => x.shape,
 *   gradient: ({ b, dy }) => [b.neg(dy)],
 * });
 */
export function defineOp<N extends Arity, A extends object = object>(spec: OpSpec<N, A>): Op {
  const { gradient, attributes = {} } = spec;
  const expand = spec.expand ?? spec.rephrase;
  const complete: NonNullable<OpDef['complete']> = (attrs, inputs, opset) => {
    if (spec.arity !== undefined) checkInputs(spec, inputs);
    const settled = spec.settle?.(attrs, inputs, opset) ?? attrs;
    return spec.attributes === undefined
      ? settled
      : completeAttrs(spec.name, spec.attributes, settled, inputs);
  };
  return {
    name: spec.name,
    source: spec.source ?? `https://onnx.ai/onnx/operators/onnx__${spec.name}.html`,
    composite: spec.expand !== undefined,
    attributes: spec.attributes,
    floats: [
      ...(spec.floats ?? []),
      ...Object.entries(attributes).flatMap(([name, { float }]) => (float ? [name] : [])),
    ],
    tensorAttrs: tensorAttrsOf(spec),
    complete,
    infer(inputs, attrs) {
      const result = spec.infer(inputs as Inputs<TensorType>[N], complete(attrs, inputs) as A);
      if (isTypes(result)) return result;
      return [{ dtype: inputs[0]?.dtype ?? 'float32', shape: result }];
    },
    gradient:
      typeof gradient === 'object'
        ? gradient
        : (context) =>
            gradient({
              ...context,
              x: context.x as Inputs<Value>[N],
              attrs: complete(context.attrs, context.x) as A,
            }),
    ...(expand === undefined
      ? {}
      : {
          expand: ({ b, x, attrs, name }) =>
            expand({ b, x: x as Inputs<Value>[N], attrs: complete(attrs, x) as A, name }),
        }),
  };
}

function tensorAttrsOf(spec: { readonly tensorAttrs?: object }): Readonly<Record<string, number>> {
  return (spec.tensorAttrs ?? {}) as Readonly<Record<string, number>>;
}

/** Throws for too few or too many inputs, and for one that must be a constant, as it is an attribute in the graph. */
function checkInputs(
  spec: { readonly name: string; readonly arity?: Arity; readonly tensorAttrs?: object },
  inputs: AttrInputs,
): void {
  const [least = '', most = least] = String(spec.arity).split('..');
  const [min, max] = least === 'n' ? [0, Infinity] : [Number(least), Number(most)];
  const places = Object.entries(tensorAttrsOf(spec));
  for (let i = 0; i < Math.max(min, inputs.length); i++) {
    const [attr] = places.find(([, position]) => position === i) ?? [];
    if (inputs[i] === undefined) {
      if (i < min) throw new ShapeError(`${spec.name}: expected input ${i}, got none`);
    } else if (attr !== undefined && attr !== 'shape') {
      throw new ShapeError(`${spec.name}: '${attr}' (input ${i}): expected a constant, got a computed value`);
    } else if (attr === undefined && i >= max) {
      throw new ShapeError(`${spec.name}: expected at most ${max} inputs, got ${inputs.length}`);
    }
  }
}

function isTypes(result: Shape | readonly TensorType[]): result is readonly TensorType[] {
  return typeof result[0] === 'object';
}
