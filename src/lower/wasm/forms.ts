import { assert } from '../../errors.js';
import { staticShape, type Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import { dims4 } from '../rewrite/dims.js';
import { FormTable, type PlainForm } from '../rewrite/form-table.js';
import { range } from '../rewrite/range.js';

/** The image after a convolution, of which some pixels are computed at a time, on demand. */
export interface Pending {
  /** What is still to be added to each pixel, [C] of the portable graph. */
  readonly bias?: Value;
  /** The pixels of these rows and columns, [rows, columns, C, N], without the bias. */
  at(rows: readonly number[], columns: readonly number[]): Value;
}

/** Some of the pixels of an image, [rows, columns, C, N]. */
export interface Place {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly image: Value;
}

/** How one value of the portable graph exists in the lowered graph: in one layout or several. */
interface Form extends PlainForm {
  /** An image in HWCN: [H,W,C,N]. */
  hwcn?: Value;
  pending?: Pending;
  /** Of which each pixel is in one at most; the others are zero. Place by place, row by row of a grid. */
  places?: readonly Place[];
}

/** The lowered values by the portable ones; converts between layouts on demand, each once. */
export class Forms extends FormTable<Form> {
  /** Whether the value exists in HWCN, or will without conversion. */
  isHwcn(value: Value): boolean {
    const { hwcn, pending, places } = this.known(value) ?? {};
    return (hwcn ?? pending ?? places) !== undefined;
  }

  /** The convolution that gives this image, where it can give parts of it and nobody has wanted all. */
  pending(value: Value): Pending | undefined {
    const form = this.known(value);
    return form?.hwcn === undefined ? form?.pending : undefined;
  }

  /** An image whose pixels are not put together yet, place by place. */
  places(value: Value): readonly Place[] | undefined {
    return this.known(value)?.places;
  }

  /** As ONNX has it: an image in NCHW. */
  plain(value: Value): Value {
    const form = this.form(value);
    form.plain ??= this.movedBy(form, (running) => this.plain(running)) ?? plainOf(this.b, this.hwcn(value));
    return form.plain;
  }

  /** An image in HWCN: [H,W,C,N]. */
  hwcn(value: Value): Value {
    const form = this.form(value);
    form.hwcn ??= this.#made(value, form);
    return form.hwcn;
  }

  /** Pixels plus a bias [C] of the portable graph, if there is one. */
  biased(x: Value, bias: Value | undefined): Value {
    if (bias === undefined) return x;
    return this.b.add(x, this.b.reshape(this.plain(bias), [Number(bias.shape[0]), 1]), 'biased');
  }

  #made(value: Value, { plain, pending, places }: Form): Value {
    const [, , h = 1, w = 1] = staticShape(value.shape);
    if (pending !== undefined) {
      return filledUp(this.b, this.biased(pending.at(range(h), range(w)), pending.bias), h, w);
    }
    if (places !== undefined) return filledUp(this.b, joined(this.b, places), h, w);
    assert(plain, `'${value.name}' has no form`);
    return hwcnOf(this.b, plain);
  }
}

// Both ways in two steps, for ONNX Runtime swaps two axes three times as fast as it reverses all four.
function hwcnOf(b: Builder, x: Value): Value {
  const [n, c, h, w] = dims4(x);
  const lines = b.transpose(b.reshape(x, [n, c * h * w]), [1, 0], 'batch_last');
  const pixels = c === 1 ? lines : b.transpose(b.reshape(lines, [c, h * w, n]), [1, 0, 2], 'pixels');
  return b.reshape(pixels, [h, w, c, n]);
}

function plainOf(b: Builder, x: Value): Value {
  const [h, w, c, n] = dims4(x);
  const lines = h * w === 1 || c === 1 ? x : b.transpose(b.reshape(x, [h * w, c, n]), [1, 0, 2], 'channels');
  return b.reshape(b.transpose(b.reshape(lines, [c * h * w, n]), [1, 0], 'plain'), [n, c, h, w]);
}

/** Places side by side: those of one row of the grid by columns, then all by rows. */
function joined(b: Builder, places: readonly Place[]): Value {
  const grid = new Map<string, Value[]>();
  for (const { rows, image } of places) {
    const [h, w, c, n] = dims4(image);
    const line = grid.get(rows.join()) ?? [];
    line.push(b.reshape(image, [h, w, c * n]));
    grid.set(rows.join(), line);
  }
  const lines = [...grid.values()].map((images) => {
    const line = b.concat(images, 2);
    const [h = 1, w = 1, size = 1] = line.shape.map(Number);
    return b.reshape(line, [h, w * size]);
  });
  const [first] = places;
  assert(first, 'an image without places');
  const [h, w, c, n] = dims4(first.image);
  const across = places.length / lines.length;
  return b.reshape(b.concat(lines, 1, 'joined'), [h * lines.length, w * across, c, n]);
}

/** Zeros after the last row and column. */
function filledUp(b: Builder, x: Value, h: number, w: number): Value {
  const [rows, columns] = dims4(x);
  return b.pad(x, [0, 0, 0, 0, h - rows, w - columns, 0, 0]);
}
