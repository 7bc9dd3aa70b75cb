/** What a worker's browser is to lack, or to do. */
export type Tampering = 'opfs' | 'storage' | 'locks' | 'gpu on request';

const changes: Readonly<Record<Tampering, string>> = {
  opfs: 'delete StorageManager.prototype.getDirectory;',
  // As browsers do for private windows and blocked cookies.
  storage: `
    StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('refused', 'SecurityError'));
    IDBFactory.prototype.open = () => { throw new DOMException('refused', 'SecurityError'); };`,
  locks: 'delete WorkerNavigator.prototype.locks;',
  // As when a driver restarts.
  'gpu on request': `
    const request = GPUAdapter.prototype.requestDevice;
    const devices = [];
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await request.apply(this, args);
      devices.push(device);
      return device;
    };
    new BroadcastChannel('lose the GPU').onmessage = () => { for (const device of devices) device.destroy(); };`,
};

/** The worker's own script in a browser that lacks something. */
export function workerWith(tampering: Tampering): Worker {
  const script = new URL('../../../src/worker/worker-web.ts', import.meta.url).href;
  const source = `${changes[tampering]}\nimport ${JSON.stringify(script)};`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  return new Worker(url, { type: 'module' });
}
