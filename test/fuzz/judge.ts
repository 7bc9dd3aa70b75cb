import { stateLayout } from '../../src/program/index.js';
import { prune } from '../../src/ir/index.js';
import { at, ndarray, type NdArray } from '../reference/array.js';
import { quickly } from './quickly.js';
import { fill } from '../helpers/golden.js';
import type { FuzzCase } from './fuzz-case.js';

type Results = Readonly<Record<string, NdArray>>;

/** What is right for a case, and how far float32 may be from it. */
export interface Truth {
  readonly outputs: Results;
  /** By output: how far it moves where each input moves by the rounding of float32. */
  readonly moves: Results;
}

/** Rounding of a float32 input: half of its last digit, which is 2^-24 of it. */
const ROUNDING = 2 ** -24;

/** The float64 reference of a case, and how sensitive it is to the last digit of its inputs. */
export function truthOf({ graph }: FuzzCase, feeds: Results): Truth {
  const outputs = quickly(graph, feeds);
  const moved = [1, 2].map((draw) => quickly(graph, rounded(feeds, draw)));
  const moves = Object.fromEntries(
    Object.entries(outputs).map(([name, { shape, data }]) => [
      name,
      ndarray(
        shape,
        Array.from(data, (value, i) =>
          Math.max(...moved.map((m) => Math.abs(at(m[name]?.data ?? [], i) - value))),
        ),
      ),
    ]),
  );
  return { outputs, moves };
}

function rounded(feeds: Results, draw: number): Results {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }], k) => {
      if (name === 'step' || name === 'target') return [name, { shape, data }];
      const random = fill(1000 * draw + k, data.length);
      return [
        name,
        ndarray(
          shape,
          Array.from(data, (value, i) => value * (1 + 2 * ROUNDING * Math.sign(at(random, i)))),
        ),
      ];
    }),
  );
}

/** How much of what may explain a difference is allowed. */
interface Allowance {
  /** Of the largest number of the tensor: sums of some thousand terms in another order. */
  readonly ofLargest: number;
  /**
   * Times what the last digit of the inputs moves: each of the operators between rounds as well, and values that cancel
   * later (batch norm over two values, a gradient that the next batch norm takes away) are rounded at their full size.
   */
  readonly ofMoves: number;
  /** Of the largest number of the output, for a gradient the largest of all: its terms come from there, and may cancel. */
  readonly ofOutput: number;
}

/** The portable form is held against the truth alone, with room for what rounding can do at its worst. */
const alone: Allowance = { ofLargest: 1e-4, ofMoves: 512, ofOutput: 2e-5 };

/** Other forms are held more closely where the portable one is close: they may be off by four times as much as it is. */
const beside: Allowance = { ofLargest: 1e-5, ofMoves: 64, ofOutput: 2e-6 };

/** What of a form is the furthest off, as a multiple of what rounding explains: up to 1 is right. */
export interface Excess {
  readonly by: number;
  readonly where: string;
}

/** Holds each tensor of a form against the truth, the gradient of each parameter too; `portable`: what that form gave. */
export function excess(
  test: FuzzCase,
  { outputs, moves }: Truth,
  actual: Results,
  portable?: Results,
): Excess {
  const { ofLargest, ofMoves, ofOutput } = portable === undefined ? alone : beside;
  let worst: Excess = { by: 0, where: '' };
  const gradients = Math.max(
    0,
    ...Object.keys(test.grads).map((name) => largest(outputs[name]?.data ?? new Float64Array(0))),
  );
  for (const [name, expected] of Object.entries(outputs)) {
    const given = actual[name];
    if (given?.data.length !== expected.data.length) return { by: Infinity, where: `${name} is missing` };
    // A count is right or wrong by whole numbers.
    const shared =
      name === 'correct' ? 0.5 : ofOutput * (name.startsWith('d_') ? gradients : largest(expected.data));
    for (const { part, from, to } of partsOf(test, name, expected.data.length)) {
      const cut = (results: Results): Float64Array =>
        results[name]?.data.subarray(from, to) ?? new Float64Array(0);
      const e = cut(outputs);
      const known = portable === undefined ? 0 : 4 * distance(cut(portable), e);
      const allowed = 1e-30 + ofLargest * largest(e) + ofMoves * largest(cut(moves)) + shared + known;
      const off = distance(cut(actual), e);
      const by = off / allowed;
      if (by > worst.by) {
        const sizes = [off, largest(e), allowed].map((size) => size.toExponential(2));
        worst = {
          by,
          where: `${part}: off by ${sizes.join(' of ').replace(/ of (?=[^ ]*$)/, ', allowed ')}`,
        };
      }
    }
  }
  return worst;
}

/** Largest difference; infinite where a number is none. */
function distance(actual: Float64Array, expected: Float64Array): number {
  let off = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(at(actual, i) - at(expected, i));
    off = difference <= off ? off : difference;
  }
  return Number.isNaN(off) ? Infinity : off;
}

function largest(data: Float64Array): number {
  return data.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
}

/** The tensors of an output: those of the flat vectors, or the one that it is. */
function partsOf(
  { network }: FuzzCase,
  name: string,
  size: number,
): { part: string; from: number; to: number }[] {
  const whole = [{ part: name, from: 0, to: size }];
  if (network === undefined || (name !== 'grad' && name !== 'buffers_next')) return whole;
  const { parameters, buffers } = stateLayout(network);
  return (name === 'grad' ? parameters : buffers).slots.map((slot) => ({
    part: `${name} of ${slot.name}`,
    from: slot.offset,
    to: slot.offset + slot.size,
  }));
}

/**
 * Whether the gradients are those of the loss: along one random direction the central difference of the reference's loss is
 * their product. Two distances, of which one must agree: between the points of the larger may lie a kink.
 */
export function slopeExcess({ graph, grads }: FuzzCase, { outputs }: Truth, feeds: Results): number {
  const along = Object.entries(grads);
  const direction = Object.fromEntries(
    along.map(([, input], k) => [input, fill(7 + k, feeds[input]?.data.length ?? 0)]),
  );
  let slope = 0;
  let size = 0;
  for (const [output, input] of along) {
    outputs[output]?.data.forEach((value, i) => {
      const term = value * (direction[input]?.[i] ?? 0);
      slope += term;
      size += Math.abs(term);
    });
  }
  const forward = prune({ ...graph, outputs: graph.outputs.filter(({ name }) => name === 'loss') });
  const lossAt = (h: number): number => {
    const moved = Object.fromEntries(
      Object.entries(direction).map(([input, way]) => {
        const { shape = [], data = new Float64Array(0) } = feeds[input] ?? {};
        return [
          input,
          ndarray(
            shape,
            Array.from(data, (value, i) => value + h * (way[i] ?? 0)),
          ),
        ];
      }),
    );
    return at(quickly(forward, { ...feeds, ...moved })['loss']?.data ?? [], 0);
  };
  // h^2 f''' / 6 and 2^-53 f / h are both far below 1e-5 of the terms.
  const loss = Math.abs(at(outputs['loss']?.data ?? [], 0));
  let best = Infinity;
  for (const h of [2 ** -17, 2 ** -22, 2 ** -12]) {
    const numeric = (lossAt(h) - lossAt(-h)) / (2 * h);
    best = Math.min(best, Math.abs(numeric - slope) / (1e-5 * size + (1e-14 * (1 + loss)) / h + 1e-12));
    if (best <= 1) break;
  }
  return best;
}
