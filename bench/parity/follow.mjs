// Takes the steps of a case, in Node and in the browser alike.
import { decodeSafetensors, presetNetwork, stateFrom, Trainer } from 'ort-train';

/** The network of a case. */
export function networkOf(net) {
  if (net === 'resnet18-64') return presetNetwork('resnet18', { classes: 10, imageSize: 64 });
  return presetNetwork(net, net === 'resnet20-cifar' ? { shortcut: 'projection' } : {});
}

/** Losses of all steps of a case's file, with what they ran on. `options` as `Trainer.create` has them. */
export async function follow(net, file, options) {
  const network = networkOf(net);
  const { tensors } = decodeSafetensors(file);
  const weights = new Map([...tensors].map(([name, { data }]) => [name, data]));
  const state = stateFrom(network, { kind: 'adam' }, weights);
  const trainer = await Trainer.create(network, { ...options, state });
  try {
    const losses = [];
    for (let i = 0; tensors.has(`batches.${i}.images`); i++) {
      const [images, labels] = ['images', 'labels'].map((kind) => tensors.get(`batches.${i}.${kind}`).data);
      const { loss } = await trainer.step({ images, labels, size: labels.length }, 1e-3);
      losses.push(loss);
    }
    return {
      losses,
      device: trainer.device,
      lowering: { target: trainer.lowering.target, reason: trainer.lowering.reason },
    };
  } finally {
    await trainer.dispose();
  }
}
