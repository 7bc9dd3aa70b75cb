import { sameShape, type Node, type Value } from '../../ir/index.js';
import type { Links } from './links.js';
import { ints, result } from './operands.js';

/** What a value is along one axis: `source` with `stride` - 1 zeros inserted between its entries and `first` before them. */
export interface Spread {
  readonly source: Value;
  readonly stride: number;
  readonly first: number;
}

/**
 * The source of the gradient of a slice with steps along an axis, which the slice's rule writes as Reshape, Pad, Reshape, Slice
 * and, where it is needed, Pad; undefined for anything else.
 */
function spreadAxis({ makers }: Pick<Links, 'makers'>, value: Value, axis: number): Spread | undefined {
  const back = (at: Value | undefined, op: string): Node | undefined => {
    const maker = at && makers.get(at);
    return maker?.op.name === op && maker.inputs.length === 1 && isZeroPad(maker) ? maker : undefined;
  };
  const outer = back(value, 'Pad');
  const cut = back(outer === undefined ? value : outer.inputs[0], 'Slice');
  const joined = back(cut?.inputs[0], 'Reshape');
  const gaps = back(joined?.inputs[0], 'Pad');
  const apart = back(gaps?.inputs[0], 'Reshape');
  const source = apart?.inputs[0];
  const unit = apart?.outputs[0];
  if (cut === undefined || gaps === undefined || source?.shape.length !== 4 || unit === undefined)
    return undefined;
  const [pads, shape] = [ints(gaps, 'pads'), source.shape];
  const stride = 1 + (pads[5 + axis + 1] ?? 0);
  const isSpread =
    sameShape(unit.shape, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]) &&
    pads.every((pad, i) => pad === (i === 5 + axis + 1 ? stride - 1 : 0)) &&
    ints(cut, 'axes').join() === String(axis) &&
    ints(cut, 'starts').join() === '0' &&
    ints(cut, 'steps').join() === '1';
  const around = outer === undefined ? [] : ints(outer, 'pads');
  const first = around[axis] ?? 0;
  if (!isSpread || around.some((pad, i) => pad > 0 && i % 4 !== axis)) return undefined;
  return { source, stride, first };
}

/** An image that has zeros inserted between its pixels. */
export interface SpreadPixels {
  readonly source: Value;
  readonly rows: Spread;
  readonly columns: Spread;
}

/** The same along both axes of an image: the gradient of a slice with steps along both. */
export function spreadPixels(links: Pick<Links, 'makers'>, node: Node): SpreadPixels | undefined {
  const columns = spreadAxis(links, result(node), 3);
  const rows = columns && spreadAxis(links, columns.source, 2);
  return rows && { source: rows.source, rows, columns };
}

/** Whether a node does not repeat or mirror what it has around it with zeros, if it has anything there. */
export function isZeroPad({ attrs }: Node): boolean {
  return attrs['mode'] === undefined || attrs['mode'] === 'constant';
}
