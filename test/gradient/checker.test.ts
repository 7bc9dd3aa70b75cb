import { describe, expect, test } from 'vitest';
import { ops, type Op } from '../../src/ops/index.js';
import { fill, golden } from '../helpers/golden.js';
import { checkGradient, type GradientCase } from './check.js';
import { wrongRules, type WrongRule } from './wrong-rules.js';

function caseOf({ mistake, op, inputs, attrs = {} }: WrongRule, right = false): GradientCase {
  const named = inputs.map((input, i) => [`x${i}`, input] as const);
  const used = right ? Object.values(ops).find(({ name }) => name === op.name) : op;
  return {
    name: mistake,
    inputs: Object.fromEntries(named),
    build(b, x) {
      if (used === undefined) throw new TypeError(`no operator ${op.name}`);
      return b.emit(
        used,
        named.map(([name]) => x[name]),
        attrs,
      );
    },
  };
}

describe('the checker catches', () => {
  test.each(wrongRules)('$mistake', (rule) => {
    expect(() => {
      checkGradient(caseOf(rule));
    }).toThrow(rule.message ?? /expected -?[\d.e-]+, got -?[\d.e-]+ \(off by/);
  });

  // The same functions with the registry's rules pass, so that it is the mistake that fails.
  test.each(wrongRules)('only that: without $mistake it is content', (rule) => {
    checkGradient(caseOf(rule, true));
  });

  test('a mistake that needs the batch to show', () => {
    const forgotten: GradientCase = {
      name: 'a mean whose count was written down for a batch of 2',
      inputs: { x: { shape: ['N', 3] } },
      build(b, { x }) {
        if (x === undefined) throw new TypeError('no input x');
        const mean: Op = {
          ...ops.ReduceMean,
          gradient: ({ b: e, dy }) => [e.expandLike(e.reshape(e.mul(dy, 0.5), [1, 3]), x)],
        };
        return b.emit(mean, [x], { axes: [0], keepdims: 0 });
      },
    };
    checkGradient(forgotten, { batch: 2 });
    expect(() => {
      checkGradient(forgotten, { batch: 3 });
    }).toThrow(/off by/);
  });

  test('a function that is NaN itself', () => {
    const logOfNegative: GradientCase = {
      name: 'ln of a negative number',
      inputs: { x: { shape: [2], fill: () => -1 } },
      build: (b, { x }) => (x === undefined ? b.scalar(0) : b.log(x)),
    };
    expect(() => {
      checkGradient(logOfNegative);
    }).toThrow(/not finite/);
  });
});

test('the pseudo-random numbers are those of make_golden.py', () => {
  // in.a of golden/ops/mul_same is T(12, 2, 3, 4, 4): every number, bit for bit.
  expect(fill(12, 96)).toEqual(Array.from(golden('ops/mul_same').tensor('in.a').data));
});
