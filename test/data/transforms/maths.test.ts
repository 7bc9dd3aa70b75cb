import { describe, expect, it } from 'vitest';
import { arctan, exp, log, roundEven, sinCos, tan } from '../../../src/data/transforms/maths.js';

/** Some roundings of float64, 2^-53 of a number each, those of pi for the engine's angles among them. */
const CLOSE = 8 * 2 ** -53;

const near = (ours: number, theirs: number): void => {
  expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(CLOSE * Math.max(1, Math.abs(theirs)));
};

describe('elementary functions', () => {
  it('agree with those of the engine', () => {
    for (let i = -2000; i <= 2000; i++) {
      const degrees = i * 0.09;
      const [sin, cos] = sinCos(degrees);
      near(sin, Math.sin((degrees * Math.PI) / 180));
      near(cos, Math.cos((degrees * Math.PI) / 180));
      near(arctan(i / 2000), (Math.atan(i / 2000) * 180) / Math.PI);
      if (Math.abs(degrees) < 45) near(tan(degrees), Math.tan((degrees * Math.PI) / 180));
      near(exp(i * 0.004), Math.exp(i * 0.004));
      near(log((i + 2001) * 0.01), Math.log((i + 2001) * 0.01));
    }
    expect([exp(0), exp(-800), log(1)]).toEqual([1, 0, 0]);
  });

  it('are exact at quarters', () => {
    const quarters = [-180, -90, 0, 90, 180, 270, 360].map((d) => sinCos(d).map((x) => x + 0));
    expect(quarters).toEqual([
      [0, -1],
      [-1, 0],
      [0, 1],
      [1, 0],
      [0, -1],
      [-1, 0],
      [0, 1],
    ]);
  });

  it('rounds halves to the even number', () => {
    expect([-1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, 2.5001].map((x) => roundEven(x) + 0)).toEqual([
      -2, 0, 0, 2, 2, 2, 3,
    ]);
  });
});
