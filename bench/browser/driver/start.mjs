// What all engines start from: the weights, and the batches that they take in turn. This folder is a package of its own,
// so that the one above it is not found by its name.
import {
  Trainer,
  createNodeSession,
  createTrainingArtifacts,
  decodeSafetensors,
  embeddedDigits,
  encodeSafetensors,
  prepareBatch,
  presetNetwork,
  stateFrom,
} from '../../../dist/index.js';

const batchSize = 64;
const count = 2;
const network = presetNetwork('mnist-cnn');

async function start() {
  const { tensors: initial } = decodeSafetensors(createTrainingArtifacts(network, { seed: 1 }).checkpoint);
  const { train } = embeddedDigits({ train: count * batchSize, test: 1 });
  const batches = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      prepareBatch(
        train,
        Array.from({ length: batchSize }, (_, j) => i * batchSize + j),
      ),
    ),
  );
  return { initial, batches };
}

/** The weights and the batches as one safetensors file: `batches.0.images` and so on beside the weights. */
export async function startFile() {
  const { initial, batches } = await start();
  const [channels, height, width] = network.input;
  const tensors = new Map(initial);
  for (const [i, { images, labels }] of batches.entries()) {
    const shape = [batchSize, channels, height, width];
    tensors.set(`batches.${i}.images`, { dtype: 'float32', shape, data: images });
    tensors.set(`batches.${i}.labels`, { dtype: 'int32', shape: [batchSize], data: labels });
  }
  return encodeSafetensors(tensors);
}

/** The first losses of the portable form on the CPU in Node, which is held against PyTorch elsewhere. */
export async function referenceLosses(steps) {
  const { initial, batches } = await start();
  const weights = new Map([...initial].map(([name, { data }]) => [name, data]));
  const state = stateFrom(network, { kind: 'adam' }, weights);
  const trainer = await Trainer.create(network, {
    createSession: createNodeSession,
    target: 'portable',
    state,
  });
  const losses = [];
  for (let i = 0; i < steps; i++) {
    const { loss } = await trainer.step({ ...batches[i % count], size: batchSize }, 1e-3);
    losses.push(loss);
  }
  await trainer.dispose();
  return losses;
}

export { batchSize };
