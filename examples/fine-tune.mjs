// Fine-tuning: a network that knows the digits 0 to 4 learns 5 to 9 from few images, in one epoch, with all but its last
// stage frozen; beside it, the same network from scratch on the same images.
//
//     node examples/fine-tune.mjs [--images 12800] [--epochs 3] [--new-images 1280]
import { parseArgs } from 'node:util';
import {
  buildGraph,
  countParameters,
  embeddedDigits,
  freeze,
  lowerPortable,
  presetNetwork,
  replaceHead,
  selectClasses,
  trainResNet,
} from 'ort-train';

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '12800' },
    epochs: { type: 'string', default: '3' },
    'new-images': { type: 'string', default: '1280' },
  },
});
// Half of the digits drawn are of the classes that are kept.
const known = selectClasses(embeddedDigits({ train: 2 * Number(values.images) }), [0, 1, 2, 3, 4]);
const unknown = selectClasses(
  embeddedDigits({ train: 2 * Number(values['new-images']), seed: 1 }),
  [5, 6, 7, 8, 9],
);

const network = presetNetwork('resnet20-cifar', { classes: 5, channels: 1, imageSize: 28 });
const first = await trainResNet({
  network,
  data: known,
  ...{ epochs: Number(values.epochs), batchSize: 64, learningRate: 2e-3, shuffle: true },
});
report('digits 0 to 4', network, first);

// The weights come from the first run's checkpoint, all but the new head's; a path to the file works as well.
const few = { data: unknown, epochs: 1, batchSize: 32, learningRate: 2e-3, shuffle: true };
const fineTuned = freeze(replaceHead(network, 5), ['*'], { except: ['layer3', 'fc'] });
const tuned = await trainResNet({ network: fineTuned, ...few, init: first.checkpoint, freshHead: true });
report('digits 5 to 9, fine-tuned', fineTuned, tuned);

report('digits 5 to 9, from scratch', network, await trainResNet({ network, ...few }));

function report(what, network, { testAccuracy, history, seconds, device }) {
  const { trained, frozen } = countParameters(network);
  const step = lowerPortable(buildGraph(network, 'step', { optimizer: { kind: 'adam' } }));
  console.log(
    `${what}: ${(100 * testAccuracy).toFixed(1)} % after ${history.stepLosses.length} steps in ${seconds.toFixed(0)} s ` +
      `(${device.chosen}); ${trained} parameters trained, ${frozen} frozen, ${step.nodes.length} nodes in a step`,
  );
}
