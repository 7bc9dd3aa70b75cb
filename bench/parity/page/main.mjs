// Runs one row in a worker of its own; the driver calls `window.row`.
window.row = (net, url, options) =>
  new Promise((resolve) => {
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ missing: message || 'the worker did not start' });
    worker.postMessage({ net, url, options });
  });
