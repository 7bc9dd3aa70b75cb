import type { TargetState, TensorData, TrainingState } from '../artifacts/index.js';
import type { Tensors } from '../session/session.js';

/** Flat vectors by name: `params`, `buffers`, `frozen` and the optimizer's slots. */
export type StateVectors = Readonly<Record<string, Float32Array>>;

/** One set of vectors in a model's layout, and the tensors that the model sees of them. */
interface PlacedSet {
  readonly vectors: StateVectors;
  readonly inputs: Tensors;
  /** The same vectors as results of a step. */
  readonly results: Tensors;
}

/**
 * A trainer's state in the layout of the model that uses it. A step reads one set of vectors and writes another, and
 * then they change places; what the runtime may update in place is the same in both.
 */
export class PlacedState {
  #layout: TargetState | undefined;
  #now: PlacedSet;
  #next: PlacedSet | undefined;
  readonly #isInPlace: (name: string) => boolean;

  /**
   * @param state - Portable vectors, which become the state's own.
   * @param updatesSlots - Whether the runtime may write the optimizer's slots over themselves: their new elements depend
   * on nothing but the old ones at the same place.
   */
  constructor({ params, buffers, frozen, slots }: TrainingState, updatesSlots: boolean) {
    const vectors = {
      params,
      ...(buffers.length > 0 && { buffers }),
      ...(frozen.length > 0 && { frozen }),
      ...slots,
    };
    this.#now = place(vectors, undefined);
    this.#isInPlace = (name) => name === 'frozen' || (updatesSlots && name in slots);
  }

  /** Inputs of a step. */
  get inputs(): Tensors {
    return this.#now.inputs;
  }

  /** Where a step writes; `flip` makes them the inputs of the next. */
  get results(): Tensors {
    return this.#second().results;
  }

  /** The results of the step become the state. */
  flip(): void {
    [this.#now, this.#next] = [this.#second(), this.#now];
  }

  /** Lays the state out as a model wants it. */
  moveTo(layout: TargetState | undefined): void {
    if (layout === this.#layout) return;
    const before = this.#layout;
    const vectors = Object.fromEntries(
      Object.entries(this.#now.vectors).map(([name, vector]) => {
        // Moments that are zero still lie in pages that nobody has touched: read one by one, they never take memory.
        const portable = before === undefined ? vector : before.fromTarget(name, vector);
        return [name, layout === undefined ? portable : layout.toTarget(name, portable)];
      }),
    );
    this.#layout = layout;
    this.#next = undefined;
    this.#now = place(vectors, layout);
  }

  /** Copies of the vectors, or of those named, in the portable layout. */
  portable(names: readonly string[] = Object.keys(this.#now.vectors)): StateVectors {
    const layout = this.#layout;
    return Object.fromEntries(
      names.flatMap((name) => {
        const vector = this.#now.vectors[name];
        if (vector === undefined) return [];
        const portable = layout === undefined ? vector : layout.fromTarget(name, vector);
        return [[name, portable === vector ? vector.slice() : portable]];
      }),
    );
  }

  #second(): PlacedSet {
    this.#next ??= place(
      Object.fromEntries(
        Object.entries(this.#now.vectors).map(([name, vector]) => [
          name,
          this.#isInPlace(name) ? vector : new Float32Array(vector.length),
        ]),
      ),
      this.#layout,
    );
    return this.#next;
  }
}

/** Portable vectors as inputs of a model, e.g. of the eval model. */
export function inputsOf(vectors: StateVectors, layout: TargetState | undefined): Tensors {
  return place(toLayout(vectors, layout), layout).inputs;
}

/** Portable vectors in a model's layout; where that is the portable one, the same vectors. */
function toLayout(vectors: StateVectors, layout: TargetState | undefined): StateVectors {
  if (layout === undefined) return vectors;
  return Object.fromEntries(
    Object.entries(vectors).map(([name, vector]) => [name, layout.toTarget(name, vector)]),
  );
}

function place(vectors: StateVectors, layout: TargetState | undefined): PlacedSet {
  const named = (suffix: string): Tensors =>
    Object.fromEntries(
      Object.entries(vectors)
        .filter(([name]) => suffix === '' || name !== 'frozen')
        .flatMap(([name, data]): (readonly [string, TensorData])[] => {
          if (layout !== undefined) return Object.entries(layout.tensors(name, data, suffix));
          return [[`${name}${suffix}`, { dtype: 'float32', shape: [data.length], data }]];
        }),
    );
  return { vectors, inputs: named(''), results: named('_next') };
}
