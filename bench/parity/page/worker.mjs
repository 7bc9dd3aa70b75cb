import { createWebSession, probeWebGpu } from 'ort-train';
import { follow } from '../follow.mjs';

self.onmessage = async ({ data: { net, url, options } }) => {
  try {
    const file = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const result = await follow(net, file, { createSession: createWebSession, ...options });
    const { adapter } = options.devices[0] === 'webgpu' ? await probeWebGpu() : {};
    self.postMessage({ ...result, adapter });
  } catch (error) {
    self.postMessage({ missing: String(error?.message ?? error) });
  }
};
