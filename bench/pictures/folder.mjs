// A folder of pictures, trained by ort-train and by PyTorch with the same recipe: accuracy and the time of an epoch.
//
//   node bench/pictures/folder.mjs --data ../shared/data/emoji --python /opt/venv/bin/python [--epochs 10] [--seeds 1 2 3]
//
// Each run is a process of its own; the two take turns, seed by seed. `npm run build` first. Writes
// bench/results/<date>-pictures.json.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';

const options = await yargs(hideBin(process.argv))
  .option('data', {
    type: 'string',
    demandOption: true,
    describe: 'folder with train/<class> and test/<class>',
  })
  .option('python', { type: 'string', default: 'python3' })
  .option('size', { type: 'number', default: 64 })
  .option('epochs', { type: 'number', default: 10 })
  .option('batch', { type: 'number', default: 32 })
  .option('seeds', { type: 'array', number: true, default: [1, 2, 3] })
  .option('threads', { type: 'number', default: cpus().length })
  .option('workers', { type: 'number', default: 2, describe: "DataLoader's" })
  .option('out', { type: 'string' })
  .strict()
  .parse();
const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'ort-train-folder-'));

/** Lines of JSON that a program prints. */
async function linesOf(command, args) {
  const child = spawn(command, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line));
  const status = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
  if (status !== 0) throw new Error(`${command} ended with status ${status}`);
  return lines;
}

const { data, size, epochs, batch, seeds, threads, workers, python } = options;
const runs = {
  async ours(seed) {
    const lines = await linesOf(process.execPath, [
      ...[
        join(root, 'dist/cli/main.js'),
        'train',
        '--data',
        data,
        '--preset',
        'resnet18',
        '--image-size',
        size,
      ],
      ...['--epochs', epochs, '--batch-size', batch, '--seed', seed, '--threads', threads],
      ...['--out', join(folder, `ours-${seed}`), '--json'],
    ]);
    return lines
      .filter(({ event }) => event === 'epoch')
      .map(({ epoch, trainLoss, testAccuracy, imagesPerSecond }) => ({
        ...{ epoch, loss: trainLoss, accuracy: testAccuracy, imagesPerSecond },
      }));
  },
  async torch(seed) {
    return linesOf(python, [
      ...[join(import.meta.dirname, 'torch_folder.py'), '--data', data, '--size', size, '--epochs', epochs],
      ...['--batch', batch, '--seed', seed, '--threads', threads, '--workers', workers],
    ]);
  },
};

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const results = { ours: [], torch: [] };
try {
  for (const seed of seeds) {
    for (const who of ['ours', 'torch']) {
      const rows = await runs[who](seed);
      results[who].push({ seed, rows });
      console.log(`${who.padEnd(6)} seed ${seed}: ${(100 * (rows.at(-1)?.accuracy ?? 0)).toFixed(2)} %`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const accuracy = Object.fromEntries(
  Object.entries(results).map(([who, all]) => [who, mean(all.map(({ rows }) => rows.at(-1).accuracy))]),
);
// The first epoch decodes, starts threads and tunes: medians of all say what an epoch takes.
const count = await countOf(data);
const seconds = {
  ours: median(
    results.ours.flatMap(({ rows }) => rows.map(({ imagesPerSecond }) => count / imagesPerSecond)),
  ),
  torch: median(results.torch.flatMap(({ rows }) => rows.map((row) => row.seconds))),
};
const summary = {
  date: new Date().toISOString(),
  machine: `${cpus().length} cores of ${cpus()[0]?.model}`,
  node: process.version,
  ...{ data, size, epochs, batch, threads, workers, count, accuracy, secondsPerEpoch: seconds },
  ratio: seconds.torch / seconds.ours,
};
console.log(JSON.stringify(summary, null, 2));
const name = `${summary.date.slice(0, 19).replaceAll(':', '-')}-pictures.json`;
writeFileSync(
  options.out ?? join(root, 'bench/results', name),
  `${JSON.stringify({ ...summary, results })}\n`,
);

async function countOf(path) {
  const [line] = await linesOf(process.execPath, [join(root, 'dist/cli/main.js'), 'data', path, '--json']);
  return line.train.count;
}
