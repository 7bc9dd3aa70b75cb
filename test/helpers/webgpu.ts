import { lowerPortable } from '../../src/lower/index.js';
import { existsSync } from 'node:fs';
import { encodeModel } from '../../src/onnx/index.js';
import { Builder } from '../../src/ops/index.js';
import { probeDevice } from './probe-device.js';

/** Chromium's software adapter, where Debian's package puts it: Vulkan on the CPU, for machines without a GPU. */
const software = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Whether WebGPU has an adapter in Node; says in one line that tests are skipped if not. Takes Chromium's software adapter
 * where it is installed and no other driver is named, which must happen before anything else in the process uses WebGPU.
 *
 * @example
 * describe.skipIf(!(await hasWebgpu()))('on WebGPU', () => { ... });
 */
export async function hasWebgpu(): Promise<boolean> {
  if (process.env['VK_ICD_FILENAMES'] === undefined && process.env['VK_DRIVER_FILES'] === undefined) {
    if (existsSync(software)) process.env['VK_ICD_FILENAMES'] = software;
  }
  const b = new Builder();
  const graph = b.finish('probe', [{ name: 'y', value: b.relu(b.input('x', 'float32', [1])) }]);
  const { usable, reason } = await probeDevice('webgpu', encodeModel(lowerPortable(graph)));
  if (!usable) process.stderr.write(`skipped: tests that need WebGPU in Node: ${reason}\n`);
  return usable;
}
