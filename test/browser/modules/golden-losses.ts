import { loadIdx, trainResNet, type Dataset, type DeviceName, type DeviceReport } from 'ort-train';

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

function firstOf(set: Dataset, count: number): Dataset {
  return { ...set, count, ...(set.labels && { labels: set.labels.subarray(0, count) }) };
}
