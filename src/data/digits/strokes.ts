import { hand } from './hand.js';
import type { Random } from './random.js';
import type { Knot, Stroke, Style } from './skeletons.js';

/** A point of a drawn line; `pressure` is a factor of the pen's radius. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly pressure: number;
}

/** The line of one stroke, as points about 5 units apart. */
export type Line = readonly Point[];

/** Line pieces between two knots. */
const PIECES = 6;

/** Draws one specimen of a style: the skeleton's lines in its own units, varied as handwriting is. */
export function drawStrokes(drawn: Style, random: Random): readonly Line[] {
  const sloppiness = random.between(...hand.sloppiness);
  const place = makePlacing(sloppiness, random);
  return blendPoses(drawn, random).map((stroke) => {
    const knots = lengthenEnds(shakeKnots(stroke, sloppiness, random), random);
    const from = 1 + hand.pressure * random.normal();
    const middle = 1 + hand.pressure * random.normal();
    const to = 1 + hand.pressure * random.normal();
    const line = curveThrough(knots);
    const last = Math.max(line.length - 1, 1);
    return line.map(([x, y], i) => {
      const t = i / last;
      // The quadratic Bezier curve from `from` over `middle` to `to`.
      const pressure = from * (1 - t) * (1 - t) + 2 * middle * t * (1 - t) + to * t * t;
      const placed = place(x, y);
      return { x: placed[0], y: placed[1], pressure };
    });
  });
}

/** A random mixture of the poses, sometimes a little beyond them. */
function blendPoses({ poses }: Style, random: Random): readonly Stroke[] {
  const raw = poses.map(() => {
    const u = random.uniform();
    return u * u - 0.05;
  });
  const sum = raw.reduce((a, b) => a + b, 0);
  const weights = Math.abs(sum) < 0.2 ? raw.map(() => 1 / raw.length) : raw.map((w) => w / sum);
  const first = poses[0] ?? [];
  return first.map((stroke, s) =>
    stroke.map((knot, k) => {
      let x = 0;
      let y = 0;
      poses.forEach((pose, p) => {
        const other = pose[s]?.[k] ?? knot;
        x += other.x * (weights[p] ?? 0);
        y += other.y * (weights[p] ?? 0);
      });
      return { x, y, corner: knot.corner };
    }),
  );
}

function shakeKnots(stroke: Stroke, sloppiness: number, random: Random): Stroke {
  return stroke.map(({ x, y, corner }) => ({
    x: x + sloppiness * hand.knot * random.normal(),
    y: y + sloppiness * hand.knot * random.normal(),
    corner: corner && random.uniform() >= hand.roundCorner,
  }));
}

/** Moves the first and the last knot along the line's direction there. */
function lengthenEnds(stroke: Stroke, random: Random): Stroke {
  const move = (end: Knot | undefined, next: Knot | undefined): Knot[] => {
    if (end === undefined) return [];
    if (next === undefined) return [end];
    const dx = end.x - next.x;
    const dy = end.y - next.y;
    const by = (hand.end * random.normal()) / (Math.sqrt(dx * dx + dy * dy) + 1);
    return [{ x: end.x + by * dx, y: end.y + by * dy, corner: end.corner }];
  };
  return [...move(stroke[0], stroke[1]), ...stroke.slice(1, -1), ...move(stroke.at(-1), stroke.at(-2))];
}

/** The Catmull-Rom spline through the knots, broken at the corners. */
function curveThrough(knots: Stroke): readonly (readonly [number, number])[] {
  const points: (readonly [number, number])[] = [];
  for (let k = 0; k + 1 < knots.length; k++) {
    const b = knots[k];
    const c = knots[k + 1];
    if (b === undefined || c === undefined) break;
    const a = b.corner ? b : (knots[k - 1] ?? b);
    const d = c.corner ? c : (knots[k + 2] ?? c);
    for (let i = k === 0 ? 0 : 1; i <= PIECES; i++) {
      const t = i / PIECES;
      points.push([catmullRom(a.x, b.x, c.x, d.x, t), catmullRom(a.y, b.y, c.y, d.y, t)]);
    }
  }
  return points;
}

/** Passes b at t = 0 and c at t = 1, with slopes (c - a) / 2 and (d - b) / 2. */
function catmullRom(a: number, b: number, c: number, d: number, t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/** One map of the plane for all strokes of a digit: smooth warp, then aspect, slant and rotation. */
function makePlacing(
  sloppiness: number,
  random: Random,
): (x: number, y: number) => readonly [number, number] {
  const [a1, a2, a3, a4, b1, b2, b3, b4] = Array.from(
    { length: 8 },
    () => sloppiness * hand.warp * random.normal(),
  ) as [number, number, number, number, number, number, number, number];
  const aspect = random.between(...hand.aspect);
  const slant = hand.slantMean + hand.slant * random.normal();
  // With h = tan(angle / 2): cos = (1 - h^2) / (1 + h^2), sin = 2 h / (1 + h^2).
  const h = hand.rotation * random.normal();
  const cos = (1 - h * h) / (1 + h * h);
  const sin = (2 * h) / (1 + h * h);
  return (x, y) => {
    const u = (x - 32) / 50;
    const v = (y - 50) / 50;
    const wx = x - 32 + a1 * v * v + a2 * u * v + a3 * u * u + a4 * v * v * v;
    const wy = y - 50 + b1 * u * u + b2 * u * v + b3 * v * v + b4 * u * u * u;
    const sx = wx * aspect - slant * wy;
    return [cos * sx - sin * wy, sin * sx + cos * wy];
  };
}
