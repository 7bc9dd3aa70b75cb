import { splitDim, type Shape } from '../../src/ir/index.js';

/** Replaces symbols by numbers: `bindShape(['N', 3], { N: 64 })` is `[64, 3]`. Unbound symbols stay. */
export function bindShape(shape: Shape, symbols: Readonly<Record<string, number>>): Shape {
  return shape.map((dim) => {
    const [factor, symbol] = splitDim(dim);
    const value = symbols[symbol];
    return value === undefined ? dim : factor * value;
  });
}
