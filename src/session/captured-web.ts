import type * as Ort from 'onnxruntime-web/wasm';
import type { TensorData } from '../artifacts/types.js';
import { ModelError } from '../errors.js';
import { allocate, GpuTensor, readBuffers, type Runtime } from './gpu-tensor-web.js';
import type { DeviceTensors, Feeds, Tensors } from './session.js';

/** One input of a recorded run: the buffer that the recording reads, and what was last copied into it. */
interface Slot {
  readonly tensor: Ort.Tensor;
  last?: GpuTensor;
}

/**
 * Runs of a session whose commands ONNX Runtime records in the first one and replays in the others: a step of the tutorial's
 * network is submitted in 1 ms instead of 20. A recording always reads and writes the same buffers. So feeds are copied into
 * buffers of their own here, and what a run gives is overwritten by the next one.
 *
 * onnxruntime-web 1.30 does not take results that the caller has allocated here: the second run fails.
 */
export class CapturedRuns {
  readonly #session: Ort.InferenceSession;
  readonly #runtime: Runtime;
  readonly #slots = new Map<string, Slot>();

  constructor(session: Ort.InferenceSession, runtime: Runtime) {
    this.#session = session;
    this.#runtime = runtime;
  }

  /** Submits a run, within a turn of the runtime. `returned` comes when the GPU is done. */
  async run(
    ort: typeof Ort,
    feeds: Feeds,
    names: { readonly returned: readonly string[]; readonly kept: readonly string[] },
  ): Promise<{ readonly returned: Promise<Tensors>; readonly kept: DeviceTensors }> {
    const device = await ort.env.webgpu.device;
    this.#fill(ort, device, feeds);
    const inputs = Object.fromEntries([...this.#slots].map(([name, { tensor }]) => [name, tensor]));
    const results = await this.#session.run(inputs);
    const tensor = (name: string): GpuTensor => {
      const native = results[name];
      if (native === undefined) throw new ModelError(`the model gave no output '${name}'`);
      return new GpuTensor(native, this.#runtime);
    };
    // Copied now, before the next run writes them; waited for by whoever wants them.
    const read = names.returned.map(tensor);
    const returned = readBuffers(device, read).then((tensors) =>
      Object.fromEntries(names.returned.map((name, i) => [name, tensors[i] as TensorData])),
    );
    for (const each of read) each.dispose();
    return { returned, kept: Object.fromEntries(names.kept.map((name) => [name, tensor(name)])) };
  }

  /** Frees the buffers of the feeds. */
  dispose(): void {
    for (const { tensor } of this.#slots.values()) tensor.dispose();
    this.#slots.clear();
  }

  #fill(ort: typeof Ort, device: GPUDevice, feeds: Feeds): void {
    const encoder = device.createCommandEncoder();
    let copies = 0;
    for (const [name, feed] of Object.entries(feeds)) {
      const slot = this.#slot(ort, device, name, feed);
      const { gpuBuffer, size } = slot.tensor;
      if (feed instanceof GpuTensor) {
        // What no run gives anew, frozen weights, is there already.
        if (slot.last === feed) continue;
        encoder.copyBufferToBuffer(feed.native.gpuBuffer, 0, gpuBuffer, 0, size * 4);
        slot.last = feed;
        copies += 1;
      } else if ('data' in feed) {
        device.queue.writeBuffer(gpuBuffer, 0, feed.data);
      } else {
        throw new ModelError(
          `input '${name}': expected a tensor of onnxruntime-web, got one of another runtime`,
        );
      }
    }
    if (copies > 0) device.queue.submit([encoder.finish()]);
  }

  #slot(ort: typeof Ort, device: GPUDevice, name: string, { dtype, shape }: Feeds[string]): Slot {
    const known = this.#slots.get(name);
    if (known === undefined) {
      const slot: Slot = { tensor: allocate(ort, device, dtype, shape) };
      this.#slots.set(name, slot);
      return slot;
    }
    const { type, dims } = known.tensor;
    if (type !== dtype || dims.join() !== shape.join()) {
      throw new ModelError(
        `input '${name}': expected ${type}[${dims.join(',')}] as in the first run, got ${dtype}[${shape.join(',')}]`,
      );
    }
    return known;
  }
}
