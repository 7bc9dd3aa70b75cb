/**
 * What the public types must accept and must refuse; compiled by `npm run types`, never run. A line under
 * @ts-expect-error that compiles after all is an error.
 */
import {
  chain,
  cifarResnet,
  compareNetworks,
  conv,
  createNodeSession,
  createTrainingArtifacts,
  defineNetwork,
  exportModel,
  fit,
  flatten,
  gradientNorms,
  linear,
  loadClassifier,
  presetNetwork,
  reduceLROnPlateau,
  stepLR,
  trainResNet,
  Trainer,
  type DataSplit,
  type History,
  type PresetName,
  type RunSpec,
  type Scheduler,
} from '../../src/index.js';
import { defineOp } from '../../src/ops/index.js';

/** What the calls below give. */
interface Results {
  readonly history: History;
  readonly model: Uint8Array;
  readonly label: string;
  readonly probability: number;
  readonly preset: PresetName;
}

export async function accepted(data: DataSplit, signal: AbortSignal): Promise<Results> {
  const { history, model } = await trainResNet({ preset: 'mnist-cnn', data: 'digits', signal });
  // @ts-expect-error a history is one, not any
  history satisfies string;
  await trainResNet();
  await trainResNet({
    optimizer: { kind: 'adam', betas: [0.9, 0.99], weightDecay: 0.1 },
    scheduler: reduceLROnPlateau({ mode: 'max', thresholdMode: 'abs' }),
    init: 'weights.safetensors',
    onBatchEnd: ({ loss, step }) => {
      [loss, step] satisfies number[];
    },
    onEpochEnd: async ({ testAccuracy }) => {
      await Promise.resolve(testAccuracy);
    },
    data,
  });
  const spec: RunSpec = { network: { family: 'cifar-resnet', depth: 20 }, clipNorm: 1, accumulate: 4 };
  await trainResNet({ ...spec, scheduler: { name: 'stepLR', options: { stepSize: 1 } } });
  const network = defineNetwork({
    name: 'tiny',
    input: [1, 8, 8],
    classes: 3,
    net: chain(conv(4, 3), flatten(), linear(3)),
  });
  createTrainingArtifacts(network, { optimizer: { kind: 'sgd', momentum: 0.9 } });
  const trainer = await Trainer.create(network, { createSession: createNodeSession });
  const scheduler: Scheduler = stepLR({ stepSize: 3, gamma: 0.5 });
  await fit(trainer, data, { epochs: 1, batchSize: 8, learningRate: 0.1, scheduler });
  const plain = cifarResnet(8, { channels: 1, imageSize: 28, shortcut: 'none', norm: 'none' });
  const recipe = { data: data.train, steps: 2, batchSize: 8, learningRate: 1e-3 };
  await compareNetworks([{ label: 'plain', network: plain }], {
    ...recipe,
    createSession: createNodeSession,
  });
  const { label, probability } = await (await loadClassifier(model)).predict('digit.png', { invert: true });
  return { history, model, label, probability, preset: 'mnist-cnn-small' };
}

export async function refused(data: DataSplit, trainer: Trainer): Promise<void> {
  // @ts-expect-error an unknown norm
  cifarResnet(8, { norm: 'layer' });
  const batch = { images: new Float32Array(1), labels: new Int32Array(1), size: 1 };
  // @ts-expect-error gradients need a runtime
  await gradientNorms(trainer.network, trainer.state, batch, {});
  // @ts-expect-error an unknown preset
  await trainResNet({ preset: 'vgg16' });
  // @ts-expect-error an unknown optimizer
  await trainResNet({ optimizer: { kind: 'rmsprop' } });
  // @ts-expect-error momentum is not Adam's
  await trainResNet({ optimizer: { kind: 'adam', momentum: 0.9 } });
  // @ts-expect-error a schedule by name
  await trainResNet({ scheduler: 'stepLR' });
  // @ts-expect-error a step size is a number
  await trainResNet({ optimizer: { kind: 'sgd', momentum: '0.9' } });
  // @ts-expect-error a misspelt option
  await trainResNet({ epoch: 3 });
  // @ts-expect-error a number as text
  await trainResNet({ epochs: '3' });
  // @ts-expect-error a list of devices is a list
  await trainResNet({ devices: 'cpu' });
  // @ts-expect-error an unknown mode
  reduceLROnPlateau({ mode: 'lowest' });
  // @ts-expect-error a network has channels, height and width
  defineNetwork({ name: 'x', input: [8, 8], classes: 3, net: flatten() });
  // @ts-expect-error without classes
  defineNetwork({ name: 'x', input: [1, 8, 8], net: flatten() });
  // @ts-expect-error fit needs a schedule
  await fit(trainer, data, { epochs: 1, batchSize: 8, learningRate: 0.1 });
  // @ts-expect-error a trainer needs a runtime
  await Trainer.create(presetNetwork('mnist-cnn'), {});
  // @ts-expect-error a step needs a learning rate
  await trainer.step({ images: new Float32Array(1), labels: new Int32Array(1), size: 1 });
  // @ts-expect-error bytes have a name in errors
  exportModel(new Uint8Array(), undefined);
  // @ts-expect-error states are read-only
  trainer.state.params = new Float32Array(1);
}

/** Every operator says one of three things of its gradient. */
export const operators = [
  defineOp<1>({
    name: 'A',
    source: '',
    infer: ([x]) => x.shape,
    gradient: ({ b, dy }) => [b.neg(dy)],
  }),
  defineOp<1>({ name: 'B', source: '', infer: ([x]) => x.shape, gradient: { none: 'it is constant' } }),
  defineOp<1>({ name: 'C', source: '', infer: ([x]) => x.shape, gradient: { refuse: 'too hard' } }),
  // @ts-expect-error no answer about the gradient
  defineOp<1>({ name: 'D', source: '', infer: ([x]) => x.shape }),
  // @ts-expect-error an answer without a reason
  defineOp<1>({ name: 'E', source: '', infer: ([x]) => x.shape, gradient: {} }),
];
