import { DeviceError } from '../errors.js';
import { deviceNames, type DeviceName } from '../program/session.js';

/** The execution providers asked for. Throws DeviceError for an empty list and for names that ort-train does not know. */
export function checkDevices(devices: readonly string[]): readonly DeviceName[] {
  if (!Array.isArray(devices)) {
    throw new DeviceError(`devices: expected a list such as ['cuda', 'cpu'], got ${JSON.stringify(devices)}`);
  }
  if (devices.length === 0)
    throw new DeviceError('device: expected at least one execution provider, got none');
  return devices.map((device) => {
    const known = deviceNames.find((name) => name === device);
    if (known === undefined) {
      throw new DeviceError(`device: expected one of ${deviceNames.join(', ')}, got '${device}'`);
    }
    return known;
  });
}

/** An execution provider that was preferred and could not start. */
export interface Rejected {
  readonly device: DeviceName;
  readonly reason: string;
}

/**
 * The result of the first device that starts. Throws DeviceError, with what each of them lacks, when none does.
 *
 * @param start - Gets the devices rejected so far. Errors other than DeviceError are not about the device and pass through.
 * @param remedies - How to get a device that cannot start.
 */
export async function firstThatStarts<T>(
  devices: readonly DeviceName[],
  start: (device: DeviceName, rejected: readonly Rejected[]) => Promise<T>,
  remedies: Readonly<Record<DeviceName, string>>,
): Promise<T> {
  const rejected: Rejected[] = [];
  let last: unknown;
  for (const device of devices) {
    try {
      return await start(device, [...rejected]);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      rejected.push({ device, reason: error.message });
      last = error;
    }
  }
  const causes = rejected.map(
    ({ device, reason }) => `${device} cannot start (${reason}); ${remedies[device]}`,
  );
  throw new DeviceError(causes.join('. '), { cause: last });
}
