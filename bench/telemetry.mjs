// What ONNX Runtime's telemetry costs: node bench/telemetry.mjs [pairs]
// Fresh processes in turn, with it and without, on one thread, cut off from the network (`unshare --net`, Linux) so that
// none of them reports to anybody. Prints a table of medians for docs/results.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** One process: milliseconds of the first session, of later ones, of a step, and CPU milliseconds of all. */
async function measure() {
  const { createNodeSession, createTrainingArtifacts, presetNetwork, runtimeVersion, Trainer } =
    await import('../dist/index.js');
  const network = presetNetwork('mnist-cnn-small');
  const { inference } = createTrainingArtifacts(network);
  const create = async () => {
    const start = performance.now();
    const session = await createNodeSession(inference, { threads: 1 });
    const ms = performance.now() - start;
    await session.dispose();
    return ms;
  };
  const first = await create();
  const later = [];
  for (let i = 0; i < 20; i++) later.push(await create());
  const trainer = await Trainer.create(network, { createSession: createNodeSession, threads: 1 });
  const size = 64;
  const images = Float32Array.from({ length: size * 28 * 28 }, (_, i) => (i * 0.37) % 1);
  const labels = Int32Array.from({ length: size }, (_, i) => i % 10);
  const steps = [];
  for (let i = 0; i < 220; i++) {
    const start = performance.now();
    await trainer.step({ images, labels, size }, 1e-3);
    if (i >= 20) steps.push(performance.now() - start);
  }
  await trainer.dispose();
  const { user, system } = process.cpuUsage();
  const cpu = (user + system) / 1000;
  console.log(
    JSON.stringify({ first, later: median(later), step: median(steps), cpu, version: runtimeVersion() }),
  );
}

function main(pairs) {
  const rows = { off: [], on: [] };
  for (let i = 0; i < pairs; i++) {
    for (const [state, value] of [
      ['off', '1'],
      ['on', '0'],
    ]) {
      const cache = mkdtempSync(join(tmpdir(), 'ort-train-telemetry-'));
      const started = performance.now();
      const out = execFileSync('unshare', ['--map-root-user', '--net', process.execPath, self, 'measure'], {
        // In a continuous integration it would keep silent.
        env: { PATH: process.env.PATH, HOME: cache, XDG_CACHE_HOME: cache, ORT_DISABLE_TELEMETRY: value },
        encoding: 'utf8',
      });
      rows[state].push({ ...JSON.parse(out), whole: performance.now() - started });
      rmSync(cache, { recursive: true, force: true });
    }
  }
  const of = (state, key) => median(rows[state].map((row) => row[key]));
  const ratio = (key) => median(rows.on.map((row, i) => row[key] / rows.off[i][key])).toFixed(3);
  console.log(
    `${pairs} pairs, onnxruntime-node ${rows.off[0].version}, ${cpus()[0].model.trim()}, ${availableParallelism()} cores`,
  );
  console.log('| ms, median | off | on | on / off, median of pairs |\n| --- | ---: | ---: | ---: |');
  for (const [key, what] of Object.entries({
    first: 'first session',
    later: 'a later session',
    step: 'a step',
    cpu: 'CPU time of the process',
    whole: 'the process, start to end',
  })) {
    console.log(`| ${what} | ${of('off', key).toFixed(2)} | ${of('on', key).toFixed(2)} | ${ratio(key)} |`);
  }
}

if (process.argv[2] === 'measure') await measure();
else main(Number(process.argv[2] ?? 11));
