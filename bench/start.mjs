// What it costs to start: CPU-seconds (all threads) of `Trainer.create`, the first step and `trainer.state`, in the portable
// form and in the device's own, with an empty cache of choices and checks (cold) and with a full one (warm).
//
//   npm run build && node bench/start.mjs [--net resnet50] [--rounds 3] [--threads 2] [--old ../checkout] [--json]
//
// `--old` measures another built checkout in turn with this one. Each start is a process of its own. Seconds of the clock are
// those of a machine that may do other things; CPU-seconds are not.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    net: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    old: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
/** Network, pixels a side (0: its own), images in a batch. */
const cases = [
  ['mnist-cnn', 0, 64],
  ['resnet20-cifar', 0, 128],
  ['resnet18', 64, 16],
  ['resnet50', 64, 16],
].filter(([net]) => values.net === undefined || values.net.includes(net));
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const checkouts = { new: here('..'), ...(values.old !== undefined && { old: values.old }) };
const phaseNames = ['create', 'step', 'state'];

function start(checkout, [net, side, batch], cacheDir, target) {
  const args = [here('start-run.mjs'), checkout, net, side, batch, values.threads, cacheDir, target];
  const { status, stdout, stderr } = spawnSync(process.execPath, args.map(String), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${net}: ${stderr}`);
  return JSON.parse(stdout);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

for (const each of cases) {
  const runs = new Map();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [age, checkout] of Object.entries(checkouts)) {
      const folder = mkdtempSync(join(tmpdir(), 'ort-train-start-'));
      try {
        for (const [form, cache, target] of [
          ['portable', 'none', 'portable'],
          ['cold', folder, 'auto'],
          ['warm', folder, 'auto'],
        ]) {
          const key = `${age} ${form}`;
          const run = start(checkout, each, cache, target);
          runs.set(key, [...(runs.get(key) ?? []), run]);
          // A start measures forms for a second or two: the cache is warm when nothing is left to measure.
          for (let left = run.untuned, i = 0; form === 'cold' && left > 0 && i < 8; i++) {
            left = start(checkout, each, cache, target).untuned;
          }
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  }
  const [net, side, batch] = each;
  const title = `${net}${side > 0 ? ` ${side}x${side}` : ''}, batch ${batch}, ${values.threads} threads`;
  const rows = [...runs].map(([key, list]) => {
    const of = (pick) => median(list.map(pick));
    const total = (unit) => of(({ phases }) => phaseNames.reduce((sum, name) => sum + phases[name][unit], 0));
    const parts = Object.fromEntries(phaseNames.map((name) => [name, of(({ phases }) => phases[name].cpu)]));
    const [age, form] = key.split(' ');
    return { age, start: form, form: list[0].form, ...parts, cpu: total('cpu'), seconds: total('seconds') };
  });
  for (const row of rows) {
    row.ratio = row.cpu / rows.find(({ age, start }) => age === row.age && start === 'portable').cpu;
  }
  if (values.json) {
    for (const row of rows) console.log(JSON.stringify({ net, imageSize: side, batch, ...row }));
    continue;
  }
  console.log(title);
  console.log('            start      create    step   state   CPU-s   clock  to portable');
  for (const { age, start: form, create, step, state, cpu, seconds, ratio } of rows) {
    const numbers = [create, step, state, cpu, seconds].map((number) => number.toFixed(2).padStart(8));
    console.log(`  ${age.padEnd(8)}  ${form.padEnd(8)} ${numbers.join('')}  ${ratio.toFixed(2).padStart(8)}`);
  }
}
