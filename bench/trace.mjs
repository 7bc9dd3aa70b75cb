// How far epoch 1 of the tutorial's recipe follows PyTorch's trace, for both forms of the step.
//
//   node bench/trace.mjs
//
// Needs ../shared/golden/seed-mnist and ../shared/data/mnist.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { trainResNet } from 'ort-train';

const shared = fileURLToPath(new URL('../../shared/', import.meta.url));
const trace = JSON.parse(readFileSync(`${shared}golden/seed-mnist/trace.json`, 'utf8')).step_losses_epoch_1;
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

for (const target of ['auto', 'portable']) {
  const { history } = await trainResNet({
    data: `${shared}data/mnist`,
    init: `${shared}golden/seed-mnist/init.safetensors`,
    epochs: 1,
    target,
  });
  const off = history.stepLosses.map((loss, i) => Math.abs(loss - trace[i]));
  const worst = (steps) => Math.max(...off.slice(0, steps)).toExponential(1);
  const [ours, theirs] = [mean(history.stepLosses), mean(trace)];
  console.log(
    `${target}: worst of the first 10 ${worst(10)}, 12 ${worst(12)}, 50 ${worst(50)}; ` +
      `mean of ${off.length} ${ours.toFixed(5)} against ${theirs.toFixed(5)}`,
  );
}
