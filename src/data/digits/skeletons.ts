import { assert } from '../../errors.js';

/** A point that the pen passes; at a corner it turns at once, elsewhere it curves. */
export interface Knot {
  readonly x: number;
  readonly y: number;
  readonly corner: boolean;
}

/** One movement of the pen between setting it down and lifting it. */
export type Stroke = readonly Knot[];

/** One way to write a digit: poses of the same layout, between which a writer lies. */
export interface Style {
  /** How often people write it like this, against the other styles of the digit. */
  readonly weight: number;
  readonly poses: readonly (readonly Stroke[])[];
}

/**
 * Reads a style from text: `x,y` is a knot, `x,y!` a corner, `|` lifts the pen. x runs right and y down, the digit is
 * about 100 high.
 *
 * @example
 * style(2, '30,0 30,50 30,100', '50,0 30,50 10,100'); // a bar, upright to slanted
 */
export function style(weight: number, ...poses: readonly string[]): Style {
  const parsed = poses.map((pose) => pose.split('|').map(readStroke));
  const layout = (strokes: readonly Stroke[]): string => strokes.map((stroke) => stroke.length).join('+');
  const layouts = new Set(parsed.map(layout));
  assert(
    layouts.size === 1,
    `poses of one style need one layout, not ${[...layouts].join(' and ')}: ${poses.join(' / ')}`,
  );
  return { weight, poses: parsed };
}

function readStroke(text: string): Stroke {
  return text
    .trim()
    .split(/\s+/)
    .map((token) => {
      const match = /^(-?\d+),(-?\d+)(!?)$/.exec(token);
      assert(match !== null, `not a knot: ${token}`);
      return { x: Number(match[1]), y: Number(match[2]), corner: match[3] === '!' };
    });
}
