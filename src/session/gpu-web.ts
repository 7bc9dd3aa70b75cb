import { messageOf } from '../errors.js';

/** Whether WebGPU can be used here; if not, why. */
export interface WebGpuProbe {
  /** Whether there is an adapter. */
  readonly usable: boolean;
  /** Empty where it is usable. */
  readonly reason: string;
  /** What the browser says of the adapter, e.g. `google swiftshader`. */
  readonly adapter?: string;
}

/**
 * Asks the browser for a WebGPU adapter, without loading a runtime. Works in windows and in workers.
 *
 * @example
 * const { usable, reason } = await probeWebGpu();
 */
export async function probeWebGpu(): Promise<WebGpuProbe> {
  const gpu = (navigator as { readonly gpu?: GPU }).gpu;
  if (gpu === undefined) {
    return {
      usable: false,
      reason: isSecureContext ? 'this browser has no WebGPU' : 'WebGPU needs https or localhost',
    };
  }
  try {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) {
      return { usable: false, reason: 'this browser has WebGPU, but no adapter for it on this machine' };
    }
    const { vendor, architecture, description } = adapter.info;
    const name = [vendor, architecture].filter((part) => part !== '').join(' ') || description || 'unnamed';
    return { usable: true, reason: '', adapter: name };
  } catch (error) {
    return {
      usable: false,
      reason: `asking for a WebGPU adapter failed: ${messageOf(error)}`,
    };
  }
}
