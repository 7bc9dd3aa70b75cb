import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import type { Attrs, AttrValue } from '../../src/ir/index.js';
import { ops, type AttrRule, type Op, type OpName } from '../../src/ops/index.js';

interface Attribute {
  readonly type: string;
  readonly required: boolean;
  readonly default: AttrValue | null;
}

interface Version {
  readonly since: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** What the Python package `onnx` says of every version of every operator; written by schemas.py. */
const { operators } = JSON.parse(readFileSync(new URL('schemas.json', import.meta.url), 'utf8')) as {
  readonly operators: Readonly<Record<string, readonly Version[]>>;
};

/** Attributes that `settle` turns into others or into inputs, or refuses by its own words; see raise.test.ts. */
const turned = ['Pad.value'];

/** Where the default is another one than that of the newest version, or only what is not the default can be taken. */
const otherDefaults: Readonly<Record<string, AttrValue>> = {
  // Before operator set 13, where it meant something else: `settleSoftmax`.
  'Softmax.axis 1': -1,
  'Softmax.axis 11': -1,
  'LogSoftmax.axis 1': -1,
  'LogSoftmax.axis 11': -1,
  // Training, before operator set 7, is refused.
  'BatchNormalization.is_test 1': 1,
  'BatchNormalization.is_test 6': 1,
};

/** Defaults that ONNX says in words. What depends on the inputs is a function here, see raise.test.ts. */
const zeros = [0, 0, 0, 0];
const worded: Readonly<Record<string, AttrValue>> = {
  ...Object.fromEntries(
    ['AveragePool', 'MaxPool', 'MaxUnpool', 'Conv', 'ConvTranspose'].flatMap((name) => [
      [`${name}.strides`, [1, 1]],
      [`${name}.pads`, zeros],
      [`${name}.dilations`, [1, 1]],
    ]),
  ),
  'Conv.kernel_shape': 'by inputs',
  'ConvTranspose.kernel_shape': 'by inputs',
  'ConvTranspose.output_padding': [0, 0],
  'ReduceMax.axes': 'by inputs',
  'ReduceMean.axes': 'by inputs',
  'ReduceSum.axes': 'by inputs',
  'Transpose.perm': 'by inputs',
};

/** Some value of a type, as a node of a file could have it. */
const samples: Readonly<Record<string, AttrValue>> = { INT: 7, INTS: [7, 7], FLOAT: 0.5, STRING: 'SOME' };

const ruleOf = (name: string, attribute: string): AttrRule | undefined => {
  const rules = ops[name as OpName].attributes ?? {};
  return Object.hasOwn(rules, attribute) ? rules[attribute] : undefined;
};

const cases = Object.entries(operators).flatMap(([name, versions]) =>
  versions.flatMap(({ since, attributes }) =>
    Object.entries(attributes).map(([attribute, said]) => ({
      title: `${name}.${attribute} of operator set ${since}`,
      ...{ name, since, attribute, said },
    })),
  ),
);

describe('every attribute of every version of every operator', () => {
  test('there is a rule for each operator, and a schema for each that ONNX has', () => {
    const all: readonly Op[] = Object.values(ops);
    expect(all.filter(({ attributes }) => attributes === undefined).map(({ name }) => name)).toEqual([]);
    const missing = all.filter(({ name, composite }) => !composite && !Object.hasOwn(operators, name));
    expect(missing.map(({ name }) => name)).toEqual([]);
    expect(cases.length).toBeGreaterThan(200);
  });

  test.each(cases)('$title is honoured, or refused by name', ({ name, since, attribute, said }) => {
    const at = `${name}.${attribute}`;
    const rule = ruleOf(name, attribute);
    if (rule === undefined) {
      if (turned.includes(at)) return;
      const node = (): unknown =>
        ops[name as OpName].complete?.(
          { ...also(name), [attribute]: samples[said.type] },
          operands(name),
          since,
        );
      expect(node).toThrow(ShapeError);
      expect(node).toThrow(`${name}: attribute '${attribute}' is not honoured`);
      return;
    }
    expect(rule.float).toBe(said.type.startsWith('FLOAT'));
    const wanted = otherDefaults[`${at} ${since}`] ?? said.default ?? worded[at];
    if (said.required || wanted === undefined) expect(rule.default).toBeUndefined();
    else if (wanted === 'by inputs') expect(rule.default).toBeTypeOf('function');
    else {
      const own = rule.default;
      expect(typeof own === 'number' ? Math.fround(own) : own).toEqual(wanted);
    }
  });

  // What the files of this version say is taken or refused, never passed by: a value that there is not is refused too.
  test.each(cases.filter(({ name, attribute }) => ruleOf(name, attribute)?.among !== undefined))(
    '$title has no other values than those that it takes',
    ({ name, since, attribute, said }) => {
      const node = (): unknown =>
        ops[name as OpName].complete?.(
          { ...also(name), [attribute]: samples[said.type] },
          operands(name),
          since,
        );
      expect(node).toThrow(`${name}: attribute '${attribute}': expected`);
    },
  );
});

/** What an old version must say besides: batch norm trains otherwise. */
function also(name: string): Attrs {
  return name === 'BatchNormalization' ? { is_test: 1 } : {};
}

/** As many operands as the operator takes at least. */
function operands(name: string): readonly { readonly dtype: 'float32'; readonly shape: number[] }[] {
  const image = { dtype: 'float32', shape: [1, 1, 8, 8] } as const;
  const count = { Where: 3, ScatterElements: 3, BatchNormalization: 5 }[name];
  const two =
    /^(Add|Sub|Mul|Div|Pow|Equal|Greater|Less|Conv|ConvTranspose|CumSum|Gather|Gemm|MatMul|MaxUnpool)$/;
  return new Array<typeof image>(count ?? (two.test(name) ? 2 : 1)).fill(image).map(({ dtype, shape }) => ({
    dtype,
    shape: [...shape],
  }));
}
