import { assert } from '../../errors.js';
import { staticShape, type Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import { roundUp, sameLayout, type WeightLayout } from '../layout/weight-layout.js';
import { FormTable, type PlainForm } from '../rewrite/form-table.js';
import { affine } from './depthwise.js';
import { blockedFromPlain, plainFromBlocked } from './layout.js';
import type { Pending } from './pending.js';
import { plainFromWeight, weightFromPlain } from './weight-forms.js';

/**
 * An image whose pixels are still apart by their place modulo a stride, row by row; undefined where all are zero. Sums
 * are cheaper so, and the layers before and beside a shortcut both give such images.
 */
export interface Places {
  readonly grid: readonly (readonly (Value | undefined)[])[];
  readonly join: (grid: Places['grid']) => Value;
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
interface Form extends PlainForm {
  /** [N,C',H,W] in blocks of channels, C' = C rounded up to whole blocks; what is added is zero. */
  blocked?: Value;
  /** A convolution's weight, in one layout or several. */
  weights?: readonly LaidWeight[];
  /** [C] with zeros up to whole blocks. */
  vector?: Value | undefined;
  pending?: Pending;
  factored?: Factored;
  places?: Places;
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
    return this.#unmade(value)?.pending;
  }

  /** The image without its channels' factor, if it is not multiplied yet. */
  factored(value: Value): Factored | undefined {
    return this.#unmade(value)?.factored;
  }

  /** The image in places, if it is not joined yet. */
  places(value: Value): Places | undefined {
    return this.#unmade(value)?.places;
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
      } else {
        assert(form.weights?.[0], `'${value.name}' has no form`);
        const [{ layout, value: laid }] = form.weights;
        form.plain = plainFromWeight(b, laid, staticShape(value.shape), this.block, layout);
      }
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

  /** What is known of an image that is not emitted. */
  #unmade(value: Value): Form | undefined {
    const form = this.known(value);
    return form?.blocked === undefined && form?.plain === undefined ? form : undefined;
  }

  /** The form with what was put off emitted. */
  #settled(value: Value): Form {
    const form = this.form(value);
    if (this.#unmade(value) === undefined) return form;
    const { pending, factored, places } = form;
    if (pending !== undefined) form.blocked = pending.emit();
    else if (factored !== undefined) form.blocked = affine(this, factored.image, factored.factor, undefined);
    else if (places !== undefined) form.blocked = places.join(places.grid);
    else form.vector ??= this.movedBy(form, (running) => this.vector(running));
    return form;
  }
}
