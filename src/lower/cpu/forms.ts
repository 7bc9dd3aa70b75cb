import { staticShape, type Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import { FormTable } from '../rewrite/form-table.js';
import { roundUp, sameLayout, type WeightLayout } from '../layout/weight-layout.js';
import { affine } from './depthwise.js';
import { blockedFromPlain, plainFromBlocked } from './layout.js';
import type { Pending } from './pending.js';
import { movedVector } from './running.js';
import { plainFromWeight, weightFromPlain } from './weight-forms.js';

/**
 * An image whose pixels are still apart by their place modulo a stride, row by row; undefined where all are zero. Sums
 * are cheaper so, and the layers before and beside a shortcut both give such images.
 */
export interface Places {
  readonly grid: readonly (readonly (Value | undefined)[])[];
  readonly join: (grid: Places['grid']) => Value;
}

/** A running statistic after the step, keep running + share now, while all of them may yet be moved at once. */
export interface Moved {
  /** Of the portable graph. */
  readonly running: Value;
  /** Of this batch, [C'] . */
  readonly now: Value;
  readonly keep: number;
  readonly share: number;
}

/** An image whose channels are still to be multiplied, each by its element of `factor`, [C']. */
export interface Factored {
  readonly image: Value;
  readonly factor: Value;
}

/** A convolution's weight in a layout. */
export interface LaidWeight {
  readonly layout: WeightLayout;
  readonly value: Value;
}

/** How one value of the portable graph exists in the lowered graph: in one layout or several. */
interface Form {
  /** As ONNX has it. */
  plain?: Value;
  /** [N,C',H,W] in blocks of channels, C' = C rounded up to whole blocks; what is added is zero. */
  blocked?: Value;
  /** A convolution's weight, in one layout or several. */
  weights?: readonly LaidWeight[];
  /** [C] with zeros up to whole blocks. */
  vector?: Value;
  pending?: Pending;
  factored?: Factored;
  places?: Places;
  moved?: Moved;
}

/** The lowered values by the portable ones; converts between layouts on demand, each once. */
export class Forms extends FormTable<Form> {
  /** Channels in a block. */
  readonly block: number;

  constructor(b: Builder, block: number) {
    super(b);
    this.block = block;
  }

  /** Whether the value exists in blocks, or will without conversion. */
  isBlocked(value: Value): boolean {
    const form = this.known(value);
    return [form?.blocked, form?.pending, form?.factored, form?.places].some((each) => each !== undefined);
  }

  /** The operator that would give this value, if it can still be changed. */
  pending(value: Value): Pending | undefined {
    const form = this.known(value);
    return form?.blocked === undefined && form?.plain === undefined ? form?.pending : undefined;
  }

  /** The image without its channels' factor, if it is not multiplied yet. */
  factored(value: Value): Factored | undefined {
    const form = this.known(value);
    return form?.blocked === undefined && form?.plain === undefined ? form?.factored : undefined;
  }

  /** The image in places, if it is not joined yet. */
  places(value: Value): Places | undefined {
    const form = this.known(value);
    return form?.blocked === undefined && form?.plain === undefined ? form?.places : undefined;
  }

  /** A running statistic that is not moved yet. */
  moved(value: Value): Moved | undefined {
    return this.known(value)?.moved;
  }

  plain(value: Value): Value {
    const form = this.#settled(value);
    const { b } = this;
    const [channels = 1] =
      value.shape.length === 4 ? staticShape(value.shape).slice(1) : staticShape(value.shape);
    if (form.plain === undefined) {
      if (form.blocked !== undefined) form.plain = plainFromBlocked(b, form.blocked, channels, this.block);
      else if (form.vector !== undefined) {
        form.plain = b.slice(form.vector, { axes: [0], starts: [0], ends: [channels] });
      } else if (form.weights?.[0] !== undefined) {
        const [{ layout, value: laid }] = form.weights;
        form.plain = plainFromWeight(b, laid, staticShape(value.shape), this.block, layout);
      } else throw new Error(`'${value.name}' has no form`);
    }
    return form.plain;
  }

  blocked(value: Value): Value {
    const form = this.#settled(value);
    form.blocked ??= blockedFromPlain(this.b, this.plain(value), this.block);
    return form.blocked;
  }

  /** A convolution's weight in a layout. */
  weight(value: Value, layout: WeightLayout): Value {
    const form = this.#settled(value);
    const known = form.weights?.find((each) => sameLayout(each.layout, layout));
    if (known !== undefined) return known.value;
    const made = weightFromPlain(this.b, this.plain(value), this.block, layout);
    form.weights = [...(form.weights ?? []), { layout, value: made }];
    return made;
  }

  vector(value: Value): Value {
    const form = this.#settled(value);
    if (form.vector === undefined) {
      const plain = this.plain(value);
      const [size = 0] = staticShape(value.shape);
      form.vector = this.b.pad(plain, [0, roundUp(size, this.block) - size]);
    }
    return form.vector;
  }

  #settled(value: Value): Form {
    const form = this.known(value);
    if (form === undefined) throw new Error(`'${value.name}' is not lowered yet`);
    if (form.pending !== undefined && form.blocked === undefined && form.plain === undefined) {
      form.blocked = form.pending.emit();
    }
    if (form.factored !== undefined && form.blocked === undefined && form.plain === undefined) {
      form.blocked = affine(this, form.factored.image, form.factored.factor, undefined);
    }
    if (form.moved !== undefined && form.vector === undefined && form.plain === undefined) {
      form.vector = movedVector(this, form.moved);
    }
    if (form.places !== undefined && form.blocked === undefined && form.plain === undefined) {
      form.blocked = form.places.join(form.places.grid);
    }
    return form;
  }
}
