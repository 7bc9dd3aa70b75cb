// Peak memory of training a ResNet against PyTorch's, each run in a process of its own: all weights, and fine-tuning of
// the last stage and the head.
//
//   node bench/memory.mjs [--net resnet18] [--image-size 64] [--batch 16] [--steps 10] [--threads 2] [--target auto]
//                         [--python python3] [--json]
//
// Peaks are what the kernel counts (getrusage's ru_maxrss, as `/usr/bin/time -v` prints it). PyTorch's wheel from PyPI
// maps CUDA libraries when it is imported, so the row says what the imports alone take, and the peak above them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    net: { type: 'string', default: 'resnet18' },
    'image-size': { type: 'string', default: '64' },
    batch: { type: 'string', default: '16' },
    steps: { type: 'string', default: '10' },
    threads: { type: 'string', default: '2' },
    target: { type: 'string', default: 'auto' },
    python: { type: 'string', default: 'python3' },
    json: { type: 'boolean', default: false },
  },
});
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const settings = ['net', 'image-size', 'batch', 'steps', 'threads'].map((name) => values[name]);

function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: values.threads },
  });
  if (status === 0) return JSON.parse(stdout);
  return { missing: error?.message ?? stderr.trim().split('\n').at(-1) };
}

const rows = ['full', 'tune'].flatMap((what) =>
  [
    ['ort-train', process.execPath, [here('memory-run.mjs'), ...settings, what, values.target]],
    ['PyTorch', values.python, [here('torch_memory.py'), ...settings, what]],
  ].map(([who, program, args]) => ({ who, what, ...run(program, args) })),
);

for (const { who, what, missing, points, ...row } of rows) {
  if (missing !== undefined) {
    if (values.json) console.log(JSON.stringify({ who, what, missing }));
    else console.log(`${who}, ${what}: did not run: ${missing}`);
    continue;
  }
  const peakMiB = points.end.peak;
  const report = { who, what, ...row, peakMiB, aboveImportsMiB: peakMiB - points.imports.rss, points };
  if (values.json) {
    console.log(JSON.stringify({ net: values.net, imageSize: Number(values['image-size']), ...report }));
    continue;
  }
  const at = Object.entries(points).map(([point, { rss, peak }]) => `${point} ${rss} (${peak})`);
  const form = row.form === undefined ? '' : `, ${row.form} form`;
  console.log(
    `${what.padEnd(4)} ${who.padEnd(9)} peak ${String(peakMiB).padStart(5)} MiB, ` +
      `${report.aboveImportsMiB} above its imports (${row.version}${form})\n     then (peak so far): ${at.join(', ')}`,
  );
}
