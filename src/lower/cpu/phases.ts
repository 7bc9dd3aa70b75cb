import type { Value } from '../../ir/index.js';
import type { Forms } from './forms.js';
import { dims4 } from '../rewrite/dims.js';
import type { Axis } from '../rewrite/taps.js';
import { widened } from './widen.js';

/** Into how many images the columns of one are dealt: as many as the dilation along them says, where it says anything. */
export function phasesOf({ kernel, dilation, out }: Axis): number {
  return kernel === 1 ? 1 : Math.min(dilation, out);
}

/** Operands of a weight's gradient, and what is left of its columns. */
interface Dilated {
  readonly x: Value;
  readonly dy: Value;
  readonly columns: Axis;
}

/**
 * A weight whose taps lie d columns apart sees only every d-th column of x for each of dy, so that its gradient is the sum
 * over d images of the gradients of an ordinary weight: with q = d r + a, a = 0 .. d-1,
 *
 *     dw[k,c,i,j] = sum over a, n, p, r of x[n,c,.., d (s r + j) + s a] dy[n,k,p, d r + a]
 *
 * The phases a are d images in the place of one. (weight-grad.ts reads a row as W b single columns, which have a
 * dilation but no second one.) x and dy are blocked.
 */
export function inPhases(f: Forms, x: Value, dy: Value, columns: Axis): Dilated {
  const { kernel, stride, dilation, before, size, out } = columns;
  if (dilation === 1 || kernel === 1) return { x, dy, columns: { ...columns, dilation: 1 } };
  const phases = phasesOf(columns);
  const count = Math.ceil(out / dilation);
  const reach = (count - 1) * stride + kernel;
  const needed = stride * (phases - 1) + (reach - 1) * dilation + 1;
  const wide = widened(f, x, before, Math.max(needed - size - before, 0));
  const full = widened(f, dy, 0, count * dilation - out);
  return {
    x: dealt(f, wide, dilation, reach, phases, stride),
    dy: dealt(f, full, dilation, count, phases, 1),
    columns: { ...columns, size: reach, out: count, dilation: 1, before: 0, after: 0 },
  };
}

/** Every `step`-th column of a blocked image from 0, `apart`, 2 `apart` ... on, `count` of each, as images: [phases N,C',H,count]. */
function dealt(f: Forms, x: Value, step: number, count: number, phases: number, apart: number): Value {
  return f.once(`${x.name} every ${step} ${count} ${phases} ${apart}`, () => {
    const { b, block } = f;
    const [n, c, h, w] = dims4(x);
    const lines = b.reshape(x, [(n * c * h) / block, w, block]);
    const images = Array.from({ length: phases }, (_, a) => {
      const start = a * apart;
      const range = { axes: [1], starts: [start], ends: [start + (count - 1) * step + 1], steps: [step] };
      return b.slice(lines, range, 'phase');
    });
    return b.reshape(b.concat(images, 0), [phases * n, c, h, count]);
  });
}
