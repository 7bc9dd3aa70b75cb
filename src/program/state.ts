import type { TargetState } from './types.js';
import type { TrainingState } from '../net/index.js';
import { assert, ModelError } from '../errors.js';
import { ResidentState } from './resident-state.js';
import type { DeviceTensors, Feeds, Resident, Tensors } from './session.js';

/** One vector of the state in the layout of the programs, and the tensors that these see of it. */
interface Placed {
  readonly vector: Float32Array;
  readonly inputs: Tensors;
  /** The same elements as results, in the same order. */
  readonly results: Tensors;
}

/** A vector as it is, and where a run writes it anew: the same place where that may be. */
interface Pair {
  readonly now: Placed;
  readonly next?: Placed;
}

/**
 * The state that all programs of a run share, laid out once: parameters, buffers, frozen tensors, the optimizer's slots and,
 * where gradients are added up, their sum `grad`. On the host a run reads some vectors and writes others, and then these
 * change places. On a device with memory of its own a run gives new tensors, and the vectors of the host are a copy that is
 * brought up to date on demand.
 */
export class ProgramState {
  readonly #layout: TargetState;
  readonly #pairs: Map<string, Pair>;
  readonly #slots: readonly string[];
  readonly #inPlace: ReadonlySet<string>;
  #device: ResidentState | undefined;
  /** Vectors that are newer on the device than on the host. */
  readonly #unread = new Set<string>();

  /**
   * @param state - Portable vectors, which become the state's own.
   * @param updatesInPlace - See `DeviceFacts`.
   */
  constructor(
    layout: TargetState,
    { params, buffers, frozen, slots }: TrainingState,
    { accumulates, updatesInPlace }: { readonly accumulates: boolean; readonly updatesInPlace: boolean },
  ) {
    this.#layout = layout;
    this.#slots = Object.keys(slots);
    this.#inPlace = new Set(updatesInPlace ? [...this.#slots, 'grad'] : []);
    const vectors = Object.entries({
      params,
      ...(buffers.length > 0 && { buffers }),
      ...(frozen.length > 0 && { frozen }),
      ...slots,
      ...(accumulates && { grad: new Float32Array(params.length) }),
    });
    this.#pairs = new Map(
      vectors.map(([name, flat]) => [name, { now: this.#place(name, layout.toTarget(name, flat)) }]),
    );
  }

  /** Names of the vectors. */
  get names(): readonly string[] {
    return [...this.#pairs.keys()];
  }

  /** Vectors as inputs of a program. */
  inputs(names: readonly string[]): Feeds {
    const tensors = names.map((name) => this.#pair(name).now.inputs);
    const onHost: Tensors = Object.assign({}, ...tensors) as Tensors;
    return this.#device === undefined ? onHost : this.#device.inputs(Object.keys(onHost));
  }

  /** Names of the results that make up vectors. */
  resultNames(names: readonly string[]): readonly string[] {
    return names.flatMap((name) => Object.keys(this.#pair(name).now.results));
  }

  /** Where a program on the host writes vectors; `flip` makes them the state. */
  results(names: readonly string[]): Tensors {
    return Object.assign({}, ...names.map((name) => this.#next(name).results)) as Tensors;
  }

  /** What a program on the host has written becomes the state. */
  flip(names: readonly string[]): void {
    for (const name of names) this.#pairs.set(name, { now: this.#next(name), next: this.#pair(name).now });
  }

  /** What a program on a device has given becomes the state. */
  adopt(names: readonly string[], given: DeviceTensors): void {
    for (const name of names) {
      const { inputs, results } = this.#pair(name).now;
      const keys = Object.keys(results);
      const replacements = Object.keys(inputs).map((input, i) => {
        const tensor = given[keys[i] ?? ''];
        if (tensor === undefined) throw new ModelError(`the step gave no new '${input}'`);
        return [input, tensor] as const;
      });
      this.#device?.replace(Object.fromEntries(replacements));
      this.#unread.add(name);
    }
  }

  /** Copies the state to a device, if it does not lie there yet. */
  async placeOn(resident: Resident): Promise<void> {
    this.#device ??= await ResidentState.of(resident, this.inputs(this.names) as Tensors);
  }

  /** Brings the vectors of the host up to date. */
  async read(): Promise<void> {
    const names = [...this.#unread].filter((name) => name !== 'grad');
    for (const name of names) {
      await this.#device?.readInto(this.#pair(name).now.inputs);
      this.#unread.delete(name);
    }
  }

  /** A copy in the portable layout. Throws ModelError while it is on a device alone: `read` first. */
  portable(): TrainingState {
    const copy = (name: string): Float32Array => {
      const vector = this.#pairs.get(name)?.now.vector;
      if (vector === undefined) return new Float32Array(0);
      if (this.#unread.has(name))
        throw new ModelError('the state is on the device: expected it to be read from there first');
      const flat = this.#layout.fromTarget(name, vector);
      return flat === vector ? vector.slice() : flat;
    };
    return {
      ...{ params: copy('params'), buffers: copy('buffers'), frozen: copy('frozen') },
      slots: Object.fromEntries(this.#slots.map((name) => [name, copy(name)])),
    };
  }

  /** Frees the memory of a device. */
  dispose(): void {
    this.#device?.dispose();
  }

  #pair(name: string): Pair {
    const pair = this.#pairs.get(name);
    assert(pair, `the state has no vector '${name}'`);
    return pair;
  }

  #next(name: string): Placed {
    const { now, next } = this.#pair(name);
    if (next !== undefined) return next;
    const made = this.#inPlace.has(name) ? now : this.#place(name, new Float32Array(now.vector.length));
    this.#pairs.set(name, { now, next: made });
    return made;
  }

  #place(name: string, vector: Float32Array): Placed {
    return {
      vector,
      inputs: this.#layout.tensors(name, vector),
      results: this.#layout.tensors(name, vector, '_next'),
    };
  }
}
