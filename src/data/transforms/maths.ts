/*
 * Elementary functions from additions, products and quotients alone, which IEEE 754 defines to the last bit. `Math.sin` and
 * the like may differ in it between engines, and where a place or a size is rounded a pixel depends on it.
 */

/** sin and cos of x in radians, |x| <= pi / 4: Taylor's series, the rest of which is below 1e-17. */
function series(x: number): readonly [sin: number, cos: number] {
  const square = x * x;
  let sin = 0;
  let cos = 0;
  for (let n = 17; n > 1; n -= 2) {
    sin = (-square / (n * (n - 1))) * (1 + sin);
    cos = (-square / ((n - 1) * (n - 2))) * (1 + cos);
  }
  return [x * (1 + sin), 1 + cos];
}

/** Sine and cosine of an angle in degrees; exact at multiples of 90. */
export function sinCos(degrees: number): readonly [sin: number, cos: number] {
  const turn = degrees % 360;
  const quarter = Math.round(turn / 90);
  // Exact, as both are near each other.
  const [sin, cos] = series(((turn - quarter * 90) * Math.PI) / 180);
  switch (((quarter % 4) + 4) % 4) {
    case 0:
      return [sin, cos];
    case 1:
      return [cos, -sin];
    case 2:
      return [-sin, -cos];
    default:
      return [-cos, sin];
  }
}

/** Tangent of an angle in degrees. */
export function tan(degrees: number): number {
  const [sin, cos] = sinCos(degrees);
  return sin / cos;
}

/** Arctangent in degrees, |x| <= 1: halved twice (tan(a / 2) = t / (1 + sqrt(1 + t^2))), then its series. */
export function arctan(x: number): number {
  let t = x;
  for (let i = 0; i < 2; i++) t /= 1 + Math.sqrt(1 + t * t);
  let sum = 0;
  for (let n = 25; n > 0; n -= 2) sum = 1 / n - t * t * sum;
  return (4 * t * sum * 180) / Math.PI;
}

/** e^x: Taylor's series of what is left of x after multiples of ln 2. */
export function exp(x: number): number {
  if (x < -700) return 0;
  const doublings = Math.round(x / Math.LN2);
  // ln 2 in two parts, of which the first has so few bits that its multiples are exact.
  const rest = x - doublings * 0.6931471803691238 - doublings * 1.9082149292705877e-10;
  let y = 1;
  for (let n = 16; n > 0; n--) y = 1 + (rest / n) * y;
  for (let i = 0; i < doublings; i++) y *= 2;
  for (let i = 0; i > doublings; i--) y /= 2;
  return y;
}

/** ln x, x > 0: 2 artanh((m - 1) / (m + 1)) of what is left of x after powers of 2. */
export function log(x: number): number {
  let m = x;
  let doublings = 0;
  for (; m > Math.SQRT2; doublings++) m /= 2;
  for (; m < Math.SQRT1_2; doublings--) m *= 2;
  const z = (m - 1) / (m + 1);
  let sum = 0;
  for (let n = 25; n > 0; n -= 2) sum = 1 / n + z * z * sum;
  return 2 * z * sum + doublings * Math.LN2;
}

/** To the next whole number, halves to the even one, as Python and PyTorch round. */
export function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
