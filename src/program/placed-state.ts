import type { TargetState, TensorData } from './types.js';
import type { TrainingState } from '../net/index.js';
import { ModelError } from '../errors.js';
import type { DeviceTensors, Feeds, Resident, Tensors } from './session.js';
import { ResidentState } from './resident-state.js';
import type { LoadedModel } from './step-models.js';

/** Flat vectors by name: `params`, `buffers`, `frozen` and the optimizer's slots. */
export type StateVectors = Readonly<Record<string, Float32Array>>;

/** One set of vectors in a model's layout, and the tensors that the model sees of them. */
interface PlacedSet {
  readonly vectors: StateVectors;
  readonly inputs: Tensors;
  /** Those inputs that a step gives anew, and the same vectors as its results, in the same order. */
  readonly trained: Tensors;
  readonly results: Tensors;
}

/**
 * A trainer's state in the layout of the model that uses it. On the host a step reads one set of vectors and writes another,
 * and then they change places; what the runtime may update in place is the same in both. On a device with memory of its
 * own a step gives new tensors, and the vectors of the host are a copy that is brought up to date when somebody wants it.
 */
export class PlacedState {
  #layout: TargetState | undefined;
  #now: PlacedSet;
  #next: PlacedSet | undefined;
  #device: ResidentState | undefined;
  /** Whether the vectors of the host are those of the device. */
  #isRead = true;
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
  get inputs(): Feeds {
    return this.#device?.inputs ?? this.#now.inputs;
  }

  /** Where a step on the host writes; `flip` makes them the inputs of the next. */
  get results(): Tensors {
    return this.#second().results;
  }

  /** The results of the step become the state. */
  flip(): void {
    [this.#now, this.#next] = [this.#second(), this.#now];
  }

  /** What a step on a device has given becomes the state. */
  adopt(given: DeviceTensors): void {
    const results = Object.keys(this.#now.results);
    const replacements = Object.keys(this.#now.trained).map((name, i) => {
      const tensor = given[results[i] ?? ''];
      if (tensor === undefined) throw new ModelError(`the step gave no new '${name}'`);
      return [name, tensor] as const;
    });
    this.#device?.replace(Object.fromEntries(replacements));
    this.#isRead = false;
  }

  /** Lays the state out as a model wants it, on the device of its session if that keeps it there. */
  async moveTo(layout: TargetState | undefined, resident?: Resident): Promise<void> {
    if (layout === this.#layout && (resident === undefined) === (this.#device === undefined)) return;
    await this.read();
    this.#device?.dispose();
    this.#device = undefined;
    if (layout !== this.#layout) this.#layOut(layout);
    if (resident !== undefined) this.#device = await ResidentState.of(resident, this.#now.inputs);
  }

  /** Brings the vectors of the host up to date. */
  async read(): Promise<void> {
    if (this.#isRead) return;
    await this.#device?.readInto(this.#now.trained);
    this.#isRead = true;
  }

  /** Frees the memory of a device. */
  dispose(): void {
    this.#device?.dispose();
  }

  #layOut(layout: TargetState | undefined): void {
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

  /**
   * Copies of the vectors, or of those named, in the portable layout. Throws ModelError while they are on a device alone:
   * `read` first.
   */
  portable(names: readonly string[] = Object.keys(this.#now.vectors)): StateVectors {
    if (!this.#isRead)
      throw new ModelError('the state is on the device: expected it to be read from there first');
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

/** Weights as inputs of a model, on its device if that has memory of its own. Call `dispose` when done. */
export interface PlacedWeights {
  readonly inputs: Feeds;
  dispose(): void;
}

/** Lays portable vectors out for many runs of a model. */
export async function placeWeights(
  vectors: StateVectors,
  { session: { resident }, state }: LoadedModel,
): Promise<PlacedWeights> {
  const inputs = inputsOf(vectors, state);
  if (resident === undefined) return { inputs, dispose: () => undefined };
  const device = await ResidentState.of(resident, inputs);
  return {
    inputs: device.inputs,
    dispose: () => {
      device.dispose();
    },
  };
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
  const named = (suffix: string, fits: (name: string) => boolean = () => true): Tensors =>
    Object.fromEntries(
      Object.entries(vectors)
        .filter(([name]) => fits(name))
        .flatMap(([name, data]): (readonly [string, TensorData])[] => {
          if (layout !== undefined) return Object.entries(layout.tensors(name, data, suffix));
          return [[`${name}${suffix}`, { dtype: 'float32', shape: [data.length], data }]];
        }),
    );
  const isTrained = (name: string): boolean => name !== 'frozen';
  return { vectors, inputs: named(''), trained: named('', isTrained), results: named('_next', isTrained) };
}
