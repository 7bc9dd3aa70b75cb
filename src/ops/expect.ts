import { ShapeError } from '../errors.js';
import { formatType, splitDim, type DType, type Dim, type Shape, type TensorType } from '../ir/index.js';

/** The four dimensions of an image tensor, channels and pixels as numbers; anything else is a ShapeError. */
export function nchw(
  op: string,
  type: TensorType | Shape,
): readonly [n: Dim, c: number, h: number, w: number] {
  const shape = 'dtype' in type ? type.shape : type;
  const [n, c, h, w] = shape;
  if (
    shape.length !== 4 ||
    n === undefined ||
    typeof c !== 'number' ||
    typeof h !== 'number' ||
    typeof w !== 'number'
  ) {
    throw new ShapeError(`${op}: expected [N,C,H,W] with numbers for C, H and W, got [${shape.join(',')}]`);
  }
  return [n, c, h, w];
}

/** Throws unless all operands have the first one's dtype. */
export function sameDType(op: string, ...types: readonly (TensorType | undefined)[]): void {
  const [first] = types;
  for (const type of types) {
    if (first !== undefined && type !== undefined && type.dtype !== first.dtype) {
      throw new ShapeError(
        `${op}: expected operands of one dtype, got ${formatType(first)} and ${formatType(type)}`,
      );
    }
  }
}

/** Throws unless the operand has one of the dtypes. */
export function expectDType(op: string, type: TensorType, ...allowed: readonly DType[]): void {
  if (!allowed.includes(type.dtype)) {
    throw new ShapeError(`${op}: expected ${allowed.join(' or ')}, got ${formatType(type)}`);
  }
}

/** Whether two dimensions can be the same length: `4*N` and `N` share a symbol with another factor and cannot. */
export function sameDim(a: Dim, b: Dim): boolean {
  const [fa, sa] = splitDim(a);
  const [fb, sb] = splitDim(b);
  return fa === fb && sa === sb;
}
