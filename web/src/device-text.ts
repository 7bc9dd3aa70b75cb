import type { DeviceName, DeviceReport, WorkerEnvironment } from 'ort-train';
import { sentence } from './errors.js';
import { plural } from './format.js';
import type { DeviceChoice } from './settings.js';

const threadsText = (threads: number): string => plural(threads, 'thread');

/** Adapters that compute on the CPU: WebGPU works on them, slower than WebAssembly. */
const software = /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i;

/** Execution providers to try, in order, and where to go on if the GPU is lost. */
export function devicesFor(
  choice: DeviceChoice,
  { webgpu }: WorkerEnvironment,
): { readonly devices: readonly DeviceName[]; readonly fallback?: 'wasm' } {
  if (choice === 'wasm') return { devices: ['wasm'] };
  if (choice === 'webgpu') return { devices: ['webgpu'], fallback: 'wasm' };
  const gpu = webgpu.usable && !isSoftware(webgpu);
  return gpu ? { devices: ['webgpu', 'wasm'], fallback: 'wasm' } : { devices: ['wasm'] };
}

function isSoftware({ adapter }: WorkerEnvironment['webgpu']): boolean {
  return adapter !== undefined && software.test(adapter);
}

/** Where it will run, and why, before it does. */
export function plannedDevice(choice: DeviceChoice, environment: WorkerEnvironment): string {
  const { webgpu, threads, threadsReason } = environment;
  const [first] = devicesFor(choice, environment).devices;
  if (first === 'webgpu') {
    const adapter = webgpu.adapter === undefined ? '' : ` (${webgpu.adapter})`;
    return webgpu.usable
      ? `Will run on the GPU${adapter} through WebGPU.`
      : `WebGPU cannot be used: ${webgpu.reason}. Choose Automatic to run on the CPU.`;
  }
  const cpu = `Will run on the CPU (WebAssembly, ${threadsText(threads)})`;
  return `${cpu}${choice === 'auto' ? `: ${whyNoGpu(webgpu)}` : ', as chosen'}.${more(threadsReason)}`;
}

function whyNoGpu(webgpu: WorkerEnvironment['webgpu']): string {
  if (!webgpu.usable) return webgpu.reason;
  return `the WebGPU adapter here (${webgpu.adapter ?? 'unnamed'}) computes on the CPU itself, and slower`;
}

/** Where it runs, and why, once it does. */
export function usedDevice(
  choice: DeviceChoice,
  report: DeviceReport,
  { webgpu }: WorkerEnvironment,
): string {
  const { chosen, threads, threadsReason, adapter, notices = [], rejected } = report;
  const notes = notices.map(more).join('');
  if (chosen === 'webgpu') {
    return `Runs on the GPU${adapter === undefined ? '' : ` (${adapter})`} through WebGPU.${notes}`;
  }
  const others = rejected.map(({ device, reason }) => `${device}: ${reason}`).join('; ');
  const why = choice === 'wasm' ? ', as chosen' : `: ${others === '' ? whyNoGpu(webgpu) : others}`;
  return `Runs on the CPU (WebAssembly, ${threadsText(threads)})${why}.${more(threadsReason)}${notes}`;
}

/** A sentence more, where there is something to say. */
const more = (reason: string | undefined): string => (reason === undefined ? '' : ` ${sentence(reason)}`);
