// A page for one engine, which runs in a worker of its own, as training should: the driver opens one for each engine in
// a browser context of its own, which is a process of its own, and calls `window.bench`.

const worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' });
const waiting = new Map();
let calls = 0;

worker.onmessage = ({ data: { call, value, error } }) => {
  const { resolve, reject } = waiting.get(call);
  waiting.delete(call);
  if (error === undefined) resolve(value);
  else reject(new Error(error));
};
worker.onerror = ({ message, filename, lineno }) => {
  const error = new Error(`${message || 'the worker did not start'} (${filename}:${lineno})`);
  for (const { reject } of waiting.values()) reject(error);
  waiting.clear();
};

const ask = (what, ...args) =>
  new Promise((resolve, reject) => {
    waiting.set(++calls, { resolve, reject });
    worker.postMessage({ call: calls, what, args });
  });

window.bench = {
  /** Loads an engine and the weights that all of them start from; says what it runs on. */
  start: (engine, options) => ask('start', engine, options),
  /** Takes steps; resolves to the milliseconds and the loss of each. */
  steps: (count) => ask('steps', count),
};
