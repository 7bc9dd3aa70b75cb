// ort-train: a trainer of the web build, one step at a time.
import { createWebSession, presetNetwork, probeWebGpu, stateFrom, Trainer } from 'ort-train';

export async function create({ weights, batchSize, backend, threads, target }) {
  const network = presetNetwork('mnist-cnn');
  const data = new Map([...weights].map(([name, tensor]) => [name, tensor.data]));
  const trainer = await Trainer.create(network, {
    createSession: createWebSession,
    devices: [backend],
    state: stateFrom(network, { kind: 'adam' }, data),
    target,
    ...(threads !== undefined && { threads }),
  });
  const { device, lowering } = trainer;
  return {
    about: {
      version: device.runtime,
      backend: device.chosen,
      threads: device.threads,
      form: lowering.target,
      reason: lowering.reason,
      ...(backend === 'webgpu' && { adapter: (await probeWebGpu()).adapter }),
    },
    async step({ images, labels }) {
      const { loss } = await trainer.step({ images, labels, size: batchSize }, 1e-3);
      return loss;
    },
  };
}
