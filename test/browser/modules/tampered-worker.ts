/** What a worker's browser is to lack, or to do. */
export type Tampering = 'opfs' | 'storage' | 'locks' | 'stuck after ten steps' | 'gpu at step 3';

const changes: Readonly<Record<Tampering, string>> = {
  opfs: 'delete StorageManager.prototype.getDirectory;',
  // As browsers do for private windows and blocked cookies.
  storage: `
    StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('refused', 'SecurityError'));
    IDBFactory.prototype.open = () => { throw new DOMException('refused', 'SecurityError'); };`,
  locks: 'delete WorkerNavigator.prototype.locks;',
  // In the middle of a run, however slow the page is to end it: once ten steps are stored, the next one that is told is the last.
  'stuck after ten steps': `
    const post = self.postMessage.bind(self);
    let stored = false;
    self.postMessage = (message, transfer) => {
      post(message, transfer);
      const { kind, stored: run } = message.event ?? {};
      if (kind === 'batches' && stored) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      if (kind === 'checkpoint' && run.step >= 10) stored = true;
    };`,
  // As when a driver restarts. By the clock steps are told several at a time; this one shows a later time whenever it is
  // looked at, so that each is told by itself.
  'gpu at step 3': `
    const request = GPUAdapter.prototype.requestDevice;
    const devices = [];
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await request.apply(this, args);
      devices.push(device);
      return device;
    };
    let now = 0;
    performance.now = () => (now += 100);
    const post = self.postMessage.bind(self);
    let lost = false;
    self.postMessage = (message, transfer) => {
      post(message, transfer);
      const { kind, batches } = message.event ?? {};
      if (lost || kind !== 'batches' || batches.at(-1).step < 3) return;
      lost = true;
      for (const device of devices) device.destroy();
    };`,
};

/** The worker's own script in a browser that lacks some things. */
export function workerWith(...tamperings: readonly Tampering[]): Worker {
  const script = new URL('../../../src/worker/worker-web.ts', import.meta.url).href;
  const source = `${tamperings.map((each) => `{${changes[each]}}`).join('\n')}\nimport ${JSON.stringify(script)};`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  return new Worker(url, { type: 'module' });
}
