import { sameShape, staticShape, type Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import { assert } from '../../errors.js';
import { FormTable, type PlainForm } from '../rewrite/form-table.js';
import { firstOf } from './move.js';
import { moved } from './transpose.js';

/** How one value of the portable graph exists in the lowered graph: in one layout or both. */
interface Form extends PlainForm {
  /** As ONNX has it; an index (int64 in the portable graph) as int32. */
  plain?: Value | undefined;
  /** An image in NHWC, [N,H,W,C]; what broadcasts to one likewise. */
  nhwc?: Value;
  /** The same image with channels of zeros after its own, up to a multiple of four. */
  wide?: Value;
  /** Makes the plain form when somebody wants it. */
  later?: () => Value;
}

/** The lowered values by the portable ones; converts between layouts on demand, each once. */
export class Forms extends FormTable<Form> {
  /** Whether the value exists in NHWC. */
  isNhwc(value: Value): boolean {
    const form = this.known(value);
    return form?.nhwc !== undefined || form?.wide !== undefined;
  }

  plain(value: Value): Value {
    const form = this.form(value);
    form.plain ??= this.isNhwc(value)
      ? this.b.reshape(channelsFirst(this.b, this.nhwc(value)), value.shape)
      : this.movedBy(form, (running) => this.plain(running));
    assert(form.plain, `'${value.name}' has no whole form`);
    return form.plain;
  }

  /** The value in NHWC; one of fewer than four dimensions gets leading ones, as broadcasting has it. */
  nhwc(value: Value): Value {
    const form = this.form(value);
    form.nhwc ??=
      form.wide === undefined
        ? channelsLast(this.b, this.b.reshape(this.plain(value), fourDims(value)))
        : firstOf(this, form.wide, 3, Number(value.shape[1]), 'own_channels');
    return form.nhwc;
  }

  /** The value in NHWC as it exists already, possibly with channels of zeros after its own. */
  stored(value: Value): Value {
    return this.known(value)?.wide ?? this.nhwc(value);
  }

  /**
   * An image in NHWC, filled up with channels of zeros to a multiple of four: kernels read and write four at
   * a time then, a convolution of 30 channels in 60 to 80 % of its time on a software adapter. Fewer than four stay as they are.
   */
  wide(value: Value): Value {
    const form = this.form(value);
    if (form.wide === undefined) {
      const image = this.nhwc(value);
      form.wide = firstOf(this, image, 3, wideChannels(Number(image.shape[3])), 'wide');
    }
    return form.wide;
  }
}

/** How many channels the wide form of an image with `c` channels has. */
export function wideChannels(c: number): number {
  return c < 4 ? c : 4 * Math.ceil(c / 4);
}

/** [N,H,W,C] -> [N,C,H,W]. */
export function channelsFirst(b: Builder, x: Value): Value {
  return moved(b, x, [0, 3, 1, 2], 'channels_first');
}

/** [N,C,H,W] -> [N,H,W,C]. */
export function channelsLast(b: Builder, x: Value): Value {
  return moved(b, x, [0, 2, 3, 1], 'channels_last');
}

function fourDims(value: Value): readonly number[] {
  const shape = staticShape(value.shape);
  const full = [...Array<number>(Math.max(0, 4 - shape.length)).fill(1), ...shape];
  return sameShape(full, value.shape) ? shape : full;
}
