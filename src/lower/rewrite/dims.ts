import { assert } from '../../errors.js';
import { staticShape, type Value } from '../../ir/index.js';

/** The four dimensions of an image, whatever its layout. */
export function dims4(value: Value): readonly [number, number, number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = staticShape(value.shape);
  assert(value.shape.length === 4, `'${value.name}' is no image`);
  return [a, b, c, d];
}
