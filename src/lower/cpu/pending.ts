import { assert } from '../../errors.js';
import type { Value } from '../../ir/index.js';
import type { Shifted } from '../rewrite/batch-norm.js';

/** What the operators after one may make part of it: relu(operator + offset + sum). */
export interface Extras {
  /** An image of the result's shape. */
  readonly sum?: Value | undefined;
  /** A number for each channel, [C']. */
  readonly offset?: Value | undefined;
  readonly relu?: boolean | undefined;
}

/** How an operator is emitted that others may become part of. */
export interface Unmade {
  /** Emits it with all of the extras. */
  readonly make: (extras: Extras) => Value;
  /**
   * About the mean of each channel of operator + sum, [C'], for next to nothing; undefined where it would cost more. An
   * operator that gives one takes an offset.
   */
  readonly roughMean?: (sum: Value | undefined) => Value | undefined;
}

/**
 * An operator that is not emitted yet, so that what comes after it can become part of it. Whoever adds to it gets another
 * pending operator that holds all that was added before; nobody else can emit it, so nothing of it can be left out.
 */
export class Pending {
  readonly #unmade: Unmade;
  readonly #sum: Value | undefined;

  constructor(unmade: Unmade, sum?: Value) {
    this.#unmade = unmade;
    this.#sum = sum;
  }

  /** Whether another image can be added: it takes one. */
  get takesSum(): boolean {
    return this.#sum === undefined;
  }

  /** With an image added, where it `takesSum`. */
  plus(sum: Value): Pending {
    assert(this.takesSum, 'a pending operator has a sum already');
    return new Pending(this.#unmade, sum);
  }

  /** The whole image. */
  emit(): Value {
    return this.#unmade.make({ sum: this.#sum });
  }

  /** The whole image, negative numbers made 0. */
  emitRectified(): Value {
    return this.#unmade.make({ sum: this.#sum, relu: true });
  }

  /** The whole image less about the mean of each channel; undefined where that would cost a pass. */
  emitShifted(negate: (shift: Value) => Value): Shifted | undefined {
    const sum = this.#sum;
    const shift = this.#unmade.roughMean?.(sum);
    return shift && { z: this.#unmade.make({ sum, offset: negate(shift) }), shift };
  }
}
