import { staticShape, type Value } from '../../ir/index.js';

/** The four dimensions of an image, whatever its layout. */
export function dims4(value: Value): readonly [number, number, number, number] {
  const [a, b, c, d] = staticShape(value.shape);
  if (a === undefined || b === undefined || c === undefined || d === undefined || value.shape.length !== 4) {
    throw new Error(`'${value.name}' is no image`);
  }
  return [a, b, c, d];
}
