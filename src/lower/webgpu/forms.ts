import { sameShape, staticShape, type Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import { FormTable } from '../shared/form-table.js';
import { moved } from './transpose.js';

/** How one value of the portable graph exists in the lowered graph: in one layout or both. */
interface Form {
  /** As ONNX has it; an index (int64 in the portable graph) as int32. */
  plain?: Value;
  /** An image with its channels last, [N,H,W,C]; what broadcasts to one likewise. */
  image?: Value;
  /** Makes the plain form when somebody wants it. */
  later?: () => Value;
  /** A flat vector of parameters, gradients or moments, piece by piece. */
  pieces?: readonly Value[];
}

/** The lowered values by the portable ones; converts between layouts on demand, each once. */
export class Forms extends FormTable<Form> {
  /** Whether the value exists with its channels last. */
  isImage(value: Value): boolean {
    return this.known(value)?.image !== undefined;
  }

  /** A flat vector in pieces. */
  pieces(value: Value): readonly Value[] | undefined {
    return this.known(value)?.pieces;
  }

  plain(value: Value): Value {
    const form = this.form(value);
    if (form.plain === undefined) {
      if (form.image !== undefined) {
        form.plain = this.b.reshape(channelsFirst(this.b, form.image), value.shape);
      } else if (form.later !== undefined) form.plain = form.later();
      else throw new Error(`'${value.name}' has no whole form`);
    }
    return form.plain;
  }

  /** The value with its channels last; one of fewer than four dimensions gets leading ones, as broadcasting has it. */
  image(value: Value): Value {
    const form = this.form(value);
    form.image ??= channelsLast(this.b, this.b.reshape(this.plain(value), fourDims(value)));
    return form.image;
  }
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
