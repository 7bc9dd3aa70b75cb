import type { DeviceReport } from './session.js';
import type { TuningStore } from './tuning.js';

/** Remembers which lowered models have given the portable numbers here. */
export interface KeptChecks {
  /** Names lowered models, and where they run. */
  digest(models: readonly Uint8Array[]): Promise<string>;
  hasPassed(digest: string): Promise<boolean>;
  keep(digest: string): Promise<void>;
}

/**
 * The passed comparisons of a store; undefined where it keeps none. A digest (SHA-256) covers the bytes that were
 * compared, the runtime's version, the device, the threads and what the store knows about the machine, such as its
 * processor: if any of these differs, so does the digest, and the models are compared again.
 */
export function keptChecks(
  { machine, hasPassed, keepPassed }: TuningStore,
  { chosen, runtime, threads }: DeviceReport,
): KeptChecks | undefined {
  if (hasPassed === undefined || keepPassed === undefined) return undefined;
  return {
    async digest(models) {
      const parts = [
        new TextEncoder().encode(JSON.stringify([machine, runtime, chosen, threads])),
        ...models,
      ];
      const hashes = await Promise.all(parts.map((part) => sha256(part)));
      return hex(await sha256(Uint8Array.from(hashes.flatMap((hash) => [...hash]))));
    },
    hasPassed: (digest) => hasPassed(digest).catch(() => false),
    // The next run compares again.
    keep: (digest) => keepPassed(digest).catch(() => undefined),
  };
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
