// Step time of a preset against PyTorch's, in one run, rounds interleaved, medians of all rounds.
//
//   node bench/step.mjs [--preset mnist-cnn] [--batch 64] [--rounds 5] [--steps 10] [--python python3] [--json]
//
// The peer is ../shared/bench/torch_step.py; without it, or without PyTorch, only our own time is printed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Trainer, createNodeSession, presetNetwork } from 'ort-train';

const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 'mnist-cnn' },
    batch: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '10' },
    threads: { type: 'string', default: String(availableParallelism()) },
    python: { type: 'string', default: 'python3' },
    json: { type: 'boolean', default: false },
  },
});
const [batch, rounds, steps, threads] = ['batch', 'rounds', 'steps', 'threads'].map((name) =>
  Number(values[name]),
);
const peerScript = fileURLToPath(new URL('../../shared/bench/torch_step.py', import.meta.url));
const peerNames = {
  'mnist-cnn': 'seed',
  'resnet20-cifar': 'resnet20-cifar',
  resnet18: 'resnet18',
  resnet50: 'resnet50',
};

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];

const network = presetNetwork(values.preset);
const images = Float32Array.from(
  { length: batch * network.input.reduce((a, b) => a * b) },
  (_, i) => (i * 0.37) % 1,
);
const labels = Int32Array.from({ length: batch }, (_, i) => i % network.classes);
const trainers = new Map();
for (const target of ['auto', 'portable']) {
  trainers.set(target, await Trainer.create(network, { createSession: createNodeSession, threads, target }));
}

async function ours(trainer) {
  const times = [];
  for (let i = 0; i < steps + 2; i++) {
    const start = performance.now();
    await trainer.step({ images, labels, size: batch }, 1e-3);
    if (i >= 2) times.push(performance.now() - start);
  }
  return median(times);
}

let missing = existsSync(peerScript) ? '' : `${peerScript} is not there`;
function peer() {
  if (missing !== '') return undefined;
  const args = [peerScript, peerNames[values.preset] ?? values.preset, String(batch), String(steps)];
  const { status, stdout, stderr } = spawnSync(values.python, args, {
    encoding: 'utf8',
    env: { ...process.env, THREADS: String(threads) },
  });
  if (status === 0) return JSON.parse(stdout);
  missing = `${values.python} did not run it: ${stderr.trim().split('\n').at(-1)}`;
  return undefined;
}

const mine = { auto: [], portable: [] };
const theirs = [];
let torch;
for (let round = 0; round < rounds; round++) {
  for (const [target, trainer] of trainers) mine[target].push(await ours(trainer));
  const result = peer();
  if (result !== undefined) {
    theirs.push(result.train_ms);
    torch = result.torch;
  }
}
const peerStepMs = theirs.length > 0 ? median(theirs) : undefined;

for (const [target, trainer] of trainers) {
  const stepMs = Number(median(mine[target]).toFixed(2));
  const report = {
    net: values.preset,
    batch,
    threads,
    target: target === 'auto' ? trainer.lowering.target : target,
    stepMs,
    peer: torch === undefined ? undefined : `PyTorch ${torch}`,
    peerStepMs,
    // Above 1: we are faster.
    ratio: peerStepMs === undefined ? undefined : Number((peerStepMs / stepMs).toFixed(3)),
    cpu: cpus()[0]?.model,
    onnxruntime: trainer.device.runtime,
  };
  await trainer.dispose();
  if (values.json) console.log(JSON.stringify(report));
  else {
    const against =
      report.ratio === undefined
        ? `no peer: ${missing}`
        : `${report.peer} ${peerStepMs} ms, ratio ${report.ratio}`;
    console.log(
      `${report.net}, batch ${batch}, ${threads} threads, ${report.target}: ${stepMs} ms a step (${against})`,
    );
  }
}
