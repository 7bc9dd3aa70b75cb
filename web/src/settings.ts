import {
  cifarResnet,
  mnistCnn,
  stepLR,
  type CifarResNetOptions,
  type MnistCnnOptions,
  type Network,
  type NetworkSpec,
  type WorkerRun,
} from 'ort-train';

/** The networks to choose from: the tutorial's in two widths, and the ResNets of He et al. for CIFAR with half the channels. */
export const architectures = [
  { id: 'cnn-narrow', label: '10 layers, narrow', widths: [20, 30, 50] },
  { id: 'cnn', label: '10 layers, wide', widths: [32, 64, 128] },
  { id: 'resnet-8', label: '8 layers: ResNet-8', depth: 8 },
  { id: 'resnet-14', label: '14 layers: ResNet-14', depth: 14 },
  { id: 'resnet-20', label: '20 layers: ResNet-20', depth: 20 },
  { id: 'resnet-32', label: '32 layers: ResNet-32', depth: 32 },
  { id: 'resnet-56', label: '56 layers: ResNet-56', depth: 56 },
] as const satisfies readonly {
  readonly id: string;
  readonly label: string;
  readonly widths?: readonly [number, number, number];
  readonly depth?: number;
}[];

/** Half of the paper's channels: a step costs a quarter, and digits need no more. */
const NARROW = [8, 16, 32] as const;

export type Architecture = (typeof architectures)[number]['id'];
export type DeviceChoice = 'auto' | 'wasm' | 'webgpu';

/** All that the switches of the page say. */
export interface Settings {
  readonly architecture: Architecture;
  readonly shortcut: 'residual' | 'plain';
  readonly norm: 'batch' | 'none';
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Epochs between two falls of the learning rate. */
  readonly stepSize: number;
  /** Factor of each fall. */
  readonly gamma: number;
  /** Embedded digits to train on. */
  readonly images: number;
  readonly device: DeviceChoice;
  readonly seed: number;
}

export const defaults: Settings = {
  architecture: 'cnn-narrow',
  shortcut: 'residual',
  norm: 'batch',
  epochs: 4,
  batchSize: 64,
  learningRate: 4e-3,
  stepSize: 1,
  gamma: 0.4,
  images: 12_800,
  device: 'auto',
  seed: 0,
};

/** What the images are like that the network gets. */
export interface DataShape {
  readonly channels: number;
  readonly imageSize: readonly [height: number, width: number];
  readonly classes: number;
}

/** Data of the visitor's. */
export interface OwnData {
  /** For people, e.g. `mnist, 60,000 images`. */
  readonly title: string;
  /** Images to train on. */
  readonly count: number;
}

export const digitShape: DataShape = { channels: 1, imageSize: [28, 28], classes: 10 };

/** The network of the settings by its numbers, as it is sent to the worker. */
export function networkSpec(settings: Settings, shape: DataShape = digitShape): NetworkSpec {
  const { norm } = settings;
  const plain = settings.shortcut === 'plain';
  const architecture = architectures.find(({ id }) => id === settings.architecture) ?? architectures[0];
  if ('depth' in architecture) {
    const options: CifarResNetOptions = {
      ...shape,
      norm,
      widths: NARROW,
      shortcut: plain ? 'none' : 'padded',
    };
    const name = `${plain ? 'plain' : 'resnet'}-${architecture.depth}${norm === 'none' ? '-nonorm' : ''}`;
    return { family: 'cifar-resnet', depth: architecture.depth, ...options, name };
  }
  const options: MnistCnnOptions = {
    ...shape,
    norm,
    widths: architecture.widths,
    shortcut: plain ? 'none' : 'identity',
  };
  return { family: 'mnist-cnn', ...options };
}

/** The network itself, to show it. Throws OptionError where the images are too small for it. */
export function networkOf(spec: NetworkSpec): Network {
  if (spec.family === 'mnist-cnn') return mnistCnn(spec);
  if (spec.family === 'cifar-resnet') return cifarResnet(spec.depth, spec);
  throw new Error(`the page has no networks of the family ${spec.family}`);
}

/** What the worker is told of the settings, without data. Throws OptionError for a schedule outside its range. */
export function runOptions(settings: Settings, shape: DataShape = digitShape): WorkerRun {
  const { epochs, batchSize, learningRate, stepSize, gamma, seed, images } = settings;
  return {
    network: networkSpec(settings, shape),
    ...{ epochs, batchSize, learningRate, seed },
    scheduler: stepLR({ stepSize, gamma }),
    shuffle: true,
    dataOptions: { digits: { train: images } },
  };
}
