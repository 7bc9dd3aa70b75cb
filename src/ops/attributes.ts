import { ShapeError } from '../errors.js';
import type { Attrs, AttrValue, TensorType } from '../ir/index.js';

/** The inputs beside which an operator reads its attributes. */
export type AttrInputs = readonly (TensorType | undefined)[];

/** How an operator takes one of its attributes. */
export interface AttrRule {
  /** `honoured`: it changes what the operator does; `inert`: any of `among` means the same here, so that the graph leaves it out. */
  readonly kind: 'honoured' | 'inert';
  /** ONNX's value where a node gives none, perhaps by its inputs; undefined where one must be given. */
  readonly default: AttrValue | ((inputs: AttrInputs) => AttrValue);
  /** Whether the graph leaves the default out. */
  readonly implied: boolean;
  /** The allowed values; every other one is refused. */
  readonly among?: readonly AttrValue[] | undefined;
  /** Whether ONNX stores it as float. */
  readonly float: boolean;
}

/** The attributes of an operator by ONNX's names; any other one is refused. */
export type AttrRules = Readonly<Record<string, AttrRule>>;

type Options = Partial<Pick<AttrRule, 'among' | 'float'>>;

/** An attribute that must be given. */
export function required(options: Options = {}): AttrRule {
  return { kind: 'honoured', default: undefined, implied: false, float: false, ...options };
}

/** An attribute that every node of a graph has: ONNX's default is written where it is left out. */
export function filled(byDefault: NonNullable<AttrRule['default']>, options: Options = {}): AttrRule {
  return { kind: 'honoured', default: byDefault, implied: false, float: false, ...options };
}

/** An attribute that a node has only where it differs from ONNX's default. */
export function implied(byDefault: NonNullable<AttrRule['default']>, options: Options = {}): AttrRule {
  return { kind: 'honoured', default: byDefault, implied: true, float: false, ...options };
}

/** An attribute of which only these values can be taken, ONNX's default first; the graph leaves them out. */
export function only(...among: readonly [AttrValue, ...AttrValue[]]): AttrRule {
  return { kind: 'inert', default: among[0], implied: true, among, float: false };
}

/** Throws: the operator cannot do what the attribute says. */
export function refuseAttr(op: string, name: string, expected: string, came: AttrValue): never {
  throw new ShapeError(`${op}: attribute '${name}': expected ${expected}, got ${said(came)}`);
}

/**
 * The attributes as the operator's shape inference, gradient and lowerings read them: ONNX's defaults filled in, inert
 * ones left out. Throws ShapeError that names the attribute for one that the operator does not honour.
 */
export function completeAttrs(op: string, rules: AttrRules, attrs: Attrs, inputs: AttrInputs): Attrs {
  const complete: Record<string, AttrValue> = {};
  for (const [name, value] of Object.entries(attrs)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules).join(', ');
      throw new ShapeError(
        `${op}: attribute '${name}' is not honoured; ${known === '' ? 'there are no attributes' : `those that are: ${known}`}`,
      );
    }
    const { among } = rule;
    if (among !== undefined && !among.some((each) => same(each, value))) {
      refuseAttr(op, name, among.map(said).join(' or '), value);
    }
    if (rule.kind === 'inert' || (rule.implied && same(value, defaultOf(rule, inputs)))) continue;
    complete[name] = value;
  }
  for (const [name, rule] of Object.entries(rules)) {
    if (rule.implied || Object.hasOwn(complete, name)) continue;
    const value = defaultOf(rule, inputs);
    if (value === undefined) throw new ShapeError(`${op}: attribute '${name}': expected a value, got none`);
    complete[name] = value;
  }
  return complete;
}

function defaultOf(rule: AttrRule, inputs: AttrInputs): AttrValue {
  return typeof rule.default === 'function' ? rule.default(inputs) : rule.default;
}

function same(a: AttrValue, b: AttrValue): boolean {
  return Array.isArray(a) && Array.isArray(b) ? a.join() === b.join() : a === b;
}

function said(value: AttrValue): string {
  return Array.isArray(value) ? `[${value.join(',')}]` : String(value);
}
