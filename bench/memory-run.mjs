// One run of bench/memory.mjs, in a process of its own so that its peak is its own. Prints one JSON object.
//
//   node bench/memory-run.mjs NET IMAGE_SIZE BATCH STEPS THREADS full|tune [target]
import { Trainer, createNodeSession, freeze, presetNetwork } from 'ort-train';

const [net, imageSize, batch, steps, threads, what, target = 'auto'] = process.argv.slice(2);
const [size, count] = [Number(imageSize), Number(batch)];
const whole = presetNetwork(net, { classes: 10, imageSize: size });
const network = what === 'tune' ? freeze(whole, ['*'], { except: ['layer4', 'fc'] }) : whole;

const mib = (kib) => Math.round(kib / 1024);
const points = {};
const note = (point) => {
  points[point] = {
    rss: mib(process.memoryUsage.rss() / 1024),
    peak: mib(process.resourceUsage().maxRSS),
    external: mib(process.memoryUsage().external / 1024),
  };
};

note('imports');
const images = Float32Array.from({ length: count * 3 * size * size }, (_, i) => (i * 0.37) % 1);
const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
const trainer = await Trainer.create(network, {
  createSession: createNodeSession,
  threads: Number(threads),
  target,
});
note('created');
let loss;
for (let step = 1; step <= Number(steps); step++) {
  ({ loss } = await trainer.step({ images, labels, size: count }, 1e-3));
  if (step <= 2) note(`step ${step}`);
}
note('end');
console.log(
  JSON.stringify({
    loss,
    form: trainer.lowering.target,
    reason: trainer.lowering.reason,
    version: `onnxruntime-node ${trainer.device.runtime}`,
    points,
  }),
);
await trainer.dispose();
