import type { DeviceName } from '../../src/program/index.js';
import { createNodeSession } from '../../src/session/node.js';

/** Whether an execution provider can start here; if not, why, and how to get it. */
export interface DeviceProbe {
  readonly device: DeviceName;
  readonly usable: boolean;
  readonly reason: string;
}

/** Tries to load and run a model without inputs on one execution provider. */
export async function probeDevice(device: DeviceName, model: Uint8Array): Promise<DeviceProbe> {
  try {
    const session = await createNodeSession(model, { devices: [device], threads: 1 });
    await session.dispose();
    return { device, usable: true, reason: '' };
  } catch (error) {
    return { device, usable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
