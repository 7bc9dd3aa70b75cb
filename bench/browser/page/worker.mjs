// One engine: loads the weights and batches that all engines share, takes steps, reads the clock.
import { readSafetensors } from './safetensors.mjs';

const engines = {
  'ort-train': () => import('./engines/ort-train.mjs'),
  'jax-js': () => import('./engines/jax-js.mjs'),
  'TensorFlow.js': () => import('./engines/tensorflow-js.mjs'),
};

let engine;
let batches = [];
let taken = 0;

async function start(name, options) {
  const tensors = readSafetensors(await (await fetch(options.start)).arrayBuffer());
  const ofBatch = (key, i) => tensors.get(`batches.${i}.${key}`);
  for (let i = 0; ofBatch('images', i); i++) {
    batches.push({ images: ofBatch('images', i).data, labels: ofBatch('labels', i).data });
  }
  const weights = new Map([...tensors].filter(([key]) => !key.startsWith('batches.')));
  const { create } = await engines[name]();
  engine = await create({ weights, batchSize: batches[0].labels.length, ...options });
  return engine.about;
}

async function steps(count) {
  const times = [];
  const losses = [];
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    // A step has ended when its loss can be read and its weights have been written.
    losses.push(await engine.step(batches[taken++ % batches.length]));
    times.push(performance.now() - begin);
  }
  return { times, losses };
}

self.onmessage = async ({ data: { call, what, args } }) => {
  try {
    self.postMessage({ call, value: await { start, steps }[what](...args) });
  } catch (error) {
    self.postMessage({ call, error: String(error?.message ?? error) });
  }
};
