// One start of a network in a process of its own, for bench/start.mjs: CPU-seconds of making the trainer, of its first step
// and of reading its state.
//
//   node bench/start-run.mjs CHECKOUT NET SIZE BATCH THREADS none|FOLDER portable|auto [phases]
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [checkout, net, side, batchText, threadsText, cacheDir, target] = process.argv.slice(2);
const { createNodeSession, nodeTuningStore, presetNetwork, Trainer } = await import(
  pathToFileURL(join(checkout, 'dist/index.js')).href
);
const [batch, threads, imageSize] = [batchText, threadsText, side].map(Number);

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const phases = {};
async function timed(name, body) {
  const [cpu, wall] = [cpuSeconds(), performance.now()];
  const result = await body();
  phases[name] = { cpu: cpuSeconds() - cpu, seconds: (performance.now() - wall) / 1000 };
  return result;
}

const network = presetNetwork(net, imageSize > 0 ? { imageSize } : {});
const pixels = network.input.reduce((product, dim) => product * dim, batch);
const images = Float32Array.from({ length: pixels }, (_, i) => (i * 0.37) % 1);
const labels = Int32Array.from({ length: batch }, (_, i) => i % network.classes);
const trainer = await timed('create', () =>
  Trainer.create(network, {
    createSession: createNodeSession,
    threads,
    target,
    ...(cacheDir !== 'none' && {
      tuning: { batchSize: batch, store: nodeTuningStore({ threads, cacheDir }) },
    }),
  }),
);
await timed('step', () => trainer.step({ images, labels, size: batch }, 1e-3));
const state = await timed('state', () => trainer.state);
const { lowering } = trainer;
console.log(
  JSON.stringify({
    phases,
    form: lowering.target,
    reason: lowering.reason,
    untuned: lowering.tuned?.untuned ?? 0,
    parameters: state.params.length,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
await trainer.dispose();
