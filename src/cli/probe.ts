import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  chain,
  conv,
  createTrainingArtifacts,
  defineNetwork,
  flatten,
  linear,
  loadClassifier,
  relu,
  type DeviceName,
} from '../index.js';

/** Whether an execution provider works here. */
export interface DeviceState {
  readonly device: DeviceName;
  readonly usable: boolean;
  /** Why not, and how to get it; empty if it is usable. */
  readonly reason: string;
}

/** A convolution, a ReLU and a linear layer: what every network has. */
function tinyModel(): Uint8Array {
  const net = chain(conv(4, 3), relu(), flatten(), linear(2));
  const network = defineNetwork({ name: 'probe', input: [1, 8, 8], classes: 2, net });
  return createTrainingArtifacts(network).inference;
}

async function logitsOn(device: DeviceName, model: Uint8Array): Promise<Float32Array> {
  const classifier = await loadClassifier(model, { devices: [device], threads: 1 });
  try {
    const pixels = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) % 256);
    return (await classifier.predict({ pixels, channels: 1, height: 8, width: 8 })).logits;
  } finally {
    await classifier.dispose();
  }
}

/** Runs a tiny model on an execution provider and compares the result with the CPU's. */
export async function probeHere(device: DeviceName): Promise<DeviceState> {
  try {
    const model = tinyModel();
    const [got, expected] = [await logitsOn(device, model), await logitsOn('cpu', model)];
    // The logits are of the order of 0.1 and sums of 144 products: 1e-3 is far above rounding, even in TF32.
    const wrong = got.some((value, i) => !(Math.abs(value - (expected[i] ?? NaN)) <= 1e-3));
    return {
      device,
      usable: !wrong,
      reason: wrong ? `it computes ${got.join(', ')} where cpu computes ${expected.join(', ')}` : '',
    };
  } catch (error) {
    return { device, usable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * The same in a separate process, since a driver may write to standard error, or crash the process. From
 * TypeScript sources, which Node does not run, it is done in this one.
 */
export async function probeApart(device: DeviceName): Promise<DeviceState> {
  const script = fileURLToPath(new URL('./main.js', import.meta.url));
  if (import.meta.url.endsWith('.ts')) return probeHere(device);
  const args = [script, 'doctor', '--device', device, '--json'];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 60_000 }, (error, stdout) => {
      const state = stateIn(stdout, device);
      const how = error?.signal ? `was ended by ${error.signal}` : `ended with ${String(error?.code)}`;
      resolve(state ?? { device, usable: false, reason: `${device}: the process that tried it ${how}` });
    });
  });
}

function stateIn(stdout: string, device: DeviceName): DeviceState | undefined {
  try {
    const { devices } = JSON.parse(stdout) as { readonly devices?: readonly DeviceState[] };
    return devices?.find((each) => each.device === device);
  } catch {
    return undefined;
  }
}
