import { loadIdx, trainResNet, type DeviceName, type DeviceReport, type MemoryDataset } from 'ort-train';

/** Where the golden run's files are served, and how to run it. */
export interface GoldenInput {
  readonly images: string;
  readonly labels: string;
  readonly init: string;
  readonly steps: number;
  readonly threads: number;
  readonly devices?: readonly DeviceName[];
}

/** What the run says of itself. */
export interface GoldenOutput {
  readonly losses: readonly number[];
  readonly device: DeviceReport;
  readonly lowering: string;
}

/** Losses of the tutorial's network on the first batches of MNIST, from the golden weights. */
export default async function goldenLosses(input: GoldenInput): Promise<GoldenOutput> {
  const set = await loadIdx({
    name: 'mnist',
    classes: Array.from({ length: 10 }, (_, i) => String(i)),
    images: await bytesAt(input.images),
    labels: await bytesAt(input.labels),
  });
  const { history, device, lowering } = await trainResNet({
    preset: 'mnist-cnn',
    data: { train: firstOf(set, 64 * input.steps), test: firstOf(set, 64) },
    epochs: 1,
    init: { name: 'init.safetensors', bytes: await bytesAt(input.init) },
    threads: input.threads,
    ...(input.devices && { devices: input.devices }),
  });
  return { losses: history.stepLosses, device, lowering: `${lowering.target}: ${lowering.reason}` };
}

async function bytesAt(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

function firstOf(set: MemoryDataset, count: number): MemoryDataset {
  const { images, labels, shape } = set;
  const size = shape[0] * shape[1] * shape[2];
  return { ...set, count, images: images.subarray(0, count * size), labels: labels.subarray(0, count) };
}
