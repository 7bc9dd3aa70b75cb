import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';

/**
 * Steps of this checkout and of another, built one in turn: `node bench/against.mjs --old ../old --net resnet18-64`. Each has
 * its own cache of tuned forms, filled before anything is measured. A ratio above 1: this one is faster.
 */
const { old, net, rounds, threads, seconds } = await yargs(hideBin(process.argv))
  .option('old', { type: 'string', demandOption: true, describe: 'the other checkout, built' })
  .option('net', { type: 'array', string: true, default: ['mnist-cnn', 'resnet20-cifar', 'resnet18-64'] })
  .option('rounds', { type: 'number', default: 7 })
  .option('threads', { type: 'number', default: cpus().length })
  .option('seconds', { type: 'number', default: 2, describe: 'how long one turn lasts, about' })
  .strict()
  .parse();

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const here = resolve(import.meta.dirname, '..');
const scratch = await mkdtemp(join(tmpdir(), 'against-'));

/** Where a checkout has what measures: beside the library (`npm run bench:build`), or within it as it once was. */
function filesOf(checkout) {
  const folder = join(checkout, 'bench', 'dist', 'bench', 'steps');
  const [home, end] = existsSync(folder) ? [folder, ''] : [join(checkout, 'dist', 'bench'), '-node'];
  return {
    cases: join(home, 'cases.js'),
    subprocess: join(home, `subprocess${end}.js`),
    worker: join(home, `worker${end}.js`),
  };
}

/** A worker of a checkout that has nothing left to tune. */
async function workerOf(checkout, name) {
  const files = filesOf(checkout);
  const { startSubprocess } = await import(pathToFileURL(files.subprocess).href);
  const { findCases } = await import(pathToFileURL(files.cases).href);
  const [{ batch }] = findCases([name]);
  const options = { net: name, batch, target: 'auto', threads, autotune: true };
  const env = { XDG_CACHE_HOME: join(scratch, checkout === here ? 'new' : 'old') };
  const args = [files.worker, JSON.stringify(options)];
  for (let start = 0; ; start++) {
    const worker = startSubprocess(process.execPath, args, env);
    const { lowering } = await worker.ask();
    if (start > 8 || (lowering.tuned?.measured ?? 0) === 0) return worker;
    await worker.stop();
  }
}

try {
  console.log(`${cpus()[0]?.model}, ${threads} threads, Node ${process.version}, ${rounds} rounds`);
  for (const name of net) {
    const workers = [await workerOf(resolve(old), name), await workerOf(here, name)];
    const [first] = await workers[0].ask('step 3');
    const count = Math.max(1, Math.round((1000 * seconds) / first));
    const times = [[], []];
    for (let round = 0; round < rounds; round++) {
      // Who begins changes, for the machine's clock drifts within a round.
      for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
        times[side].push(median(await workers[side].ask(`step ${count}`)));
      }
    }
    for (const worker of workers) await worker.stop();
    const ratios = times[0].map((ms, i) => ms / times[1][i]);
    const [before, after] = times.map(median);
    console.log(
      `${name}: ${before.toFixed(2)} -> ${after.toFixed(2)} ms, ratio ${median(ratios).toFixed(3)} (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})`,
    );
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
