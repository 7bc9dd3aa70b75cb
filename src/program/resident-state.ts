import { assert } from '../errors.js';
import type { DeviceTensor, DeviceTensors, Resident, Tensors } from './session.js';

/** Tensors that a step reads and gives anew, in the memory of a device: what one step gives is what the next one reads. */
export class ResidentState {
  readonly #tensors: Map<string, DeviceTensor>;

  private constructor(tensors: DeviceTensors) {
    this.#tensors = new Map(Object.entries(tensors));
  }

  /** Copies the inputs of a step to the device. */
  static async of(resident: Resident, inputs: Tensors): Promise<ResidentState> {
    return new ResidentState(await resident.upload(inputs));
  }

  /** The tensors of these names. */
  inputs(names: readonly string[]): DeviceTensors {
    return Object.fromEntries(names.map((name) => [name, this.#tensor(name)]));
  }

  /** Takes the results of a step, by the names of the inputs that they replace, and frees those. */
  replace(results: DeviceTensors): void {
    for (const [name, tensor] of Object.entries(results)) {
      this.#tensors.get(name)?.dispose();
      this.#tensors.set(name, tensor);
    }
  }

  /** Copies the tensors of these names into arrays of the host. */
  async readInto(targets: Tensors): Promise<void> {
    for (const [name, { data }] of Object.entries(targets)) {
      const { data: elements } = await this.#tensor(name).read();
      (data as Float32Array).set(elements as Float32Array);
    }
  }

  #tensor(name: string): DeviceTensor {
    const tensor = this.#tensors.get(name);
    assert(tensor, `the device has no '${name}'`);
    return tensor;
  }

  /** Frees the device's memory. */
  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
  }
}
