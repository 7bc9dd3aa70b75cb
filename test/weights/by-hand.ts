import type { LabelledBatch } from '../../src/program/index.js';
import { decodeSafetensors } from '../../src/weights/index.js';
import type { TrainingArtifacts } from '../../src/artifacts/index.js';
import * as ort from 'onnxruntime-node';
type Named = Record<string, ort.Tensor>;

/**
 * Trains as a program in another language would: with nothing but the files of an artifacts folder and ONNX Runtime.
 * Returns the loss of each batch.
 */
export async function trainByHand(
  { training, optimizer, checkpoint, manifest }: TrainingArtifacts,
  batches: readonly LabelledBatch[],
  lr: number,
): Promise<number[]> {
  const trainer = await load(training);
  const updater = await load(optimizer);
  const { tensors } = decodeSafetensors(checkpoint, manifest.checkpoint.file);
  const flat = ({ size, tensors: slots }: (typeof manifest)['parameters']): ort.Tensor => {
    const vector = new Float32Array(size);
    for (const { name, offset } of slots) vector.set(tensors.get(name)?.data as Float32Array, offset);
    return new ort.Tensor('float32', vector, [size]);
  };
  const scalar = (value: number): ort.Tensor => new ort.Tensor('float32', Float32Array.of(value), []);
  const zeros = (): ort.Tensor =>
    new ort.Tensor('float32', new Float32Array(manifest.parameters.size), [manifest.parameters.size]);
  let params = flat(manifest.parameters);
  let buffers = flat(manifest.buffers);
  const frozen = flat(manifest.frozen);
  let slots: Named = Object.fromEntries(manifest.optimizerSlots.map((name) => [name, zeros()]));
  const losses: number[] = [];
  for (const [i, { images, labels, size }] of batches.entries()) {
    const input = new ort.Tensor('float32', images, [size, ...manifest.network.input]);
    const target = new ort.Tensor('int32', labels, [size]);
    const feeds = { params, buffers, frozen, input, target, step: scalar(i + 1) };
    const { loss, grad, buffers_next: moved = buffers } = await trainer.run(only(trainer, feeds));
    losses.push(Number(loss?.data[0]));
    buffers = moved;
    const given = { params, grad, ...slots, lr: scalar(lr), step: scalar(i + 1) };
    const { params_next: next, ...after } = await updater.run(only(updater, given));
    if (next === undefined) throw new TypeError('the optimizer model gave no params_next');
    params = next;
    slots = Object.fromEntries(
      Object.entries(after).map(([name, value]) => [name.replace('_next', ''), value]),
    );
  }
  await trainer.release();
  await updater.release();
  return losses;
}

/** One thread, as the trainer of the tests has. */
function load(model: Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
}

/** The feeds that a model has as inputs. */
function only(
  { inputNames }: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor | undefined>>,
): Named {
  return Object.fromEntries(
    inputNames.map((name) => {
      const tensor = feeds[name];
      if (tensor === undefined) throw new TypeError(`nothing to feed as '${name}'`);
      return [name, tensor];
    }),
  );
}
