// Whether the loader of pictures keeps up with the steps: images a second of the loader alone, of the step alone, of both in
// one run, and the memory of that run.
//
//   node bench/pictures/synthetic.mjs --out /tmp/jpegs
//   node bench/pictures/loader.mjs --data /tmp/jpegs [--size 128] [--batch 32] [--steps 60] [--threads 1]
//
// `npm run build` first. Each measurement is a process of its own. Writes bench/results/<date>-loader.json.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import {
  openData,
  presetNetwork,
  Trainer,
  fit,
  constantLR,
  createNodeSession,
  batches,
} from '../../dist/index.js';
import { Prefetcher } from '../../dist/data/prefetch-node.js';

const options = await yargs(hideBin(process.argv))
  .option('data', { type: 'string', demandOption: true })
  .option('size', { type: 'number', default: 128 })
  .option('batch', { type: 'number', default: 32 })
  .option('steps', { type: 'number', default: 60 })
  .option('threads', {
    type: 'number',
    default: 1,
    describe: "ONNX Runtime's; the other cores are the loader's",
  })
  .option('cache', { type: 'string', choices: ['ram', 'disk', 'none'], default: 'ram' })
  .option('augment', { type: 'string', default: 'standard' })
  .option('what', { type: 'string', choices: ['loader', 'step', 'both'], hidden: true })
  .option('out', { type: 'string' })
  .strict()
  .parse();
const { data, size, batch, steps, threads, cache, augment, what } = options;

if (what === undefined) {
  const results = {};
  for (const each of ['loader', 'step', 'both']) {
    results[each] = await run(each);
    console.log(
      `${each.padEnd(7)} ${results[each].imagesPerSecond.toFixed(1)} images/s, ${results[each].peakMB} MB at most`,
    );
  }
  const summary = {
    date: new Date().toISOString(),
    machine: `${cpus().length} cores of ${cpus()[0]?.model}`,
    node: process.version,
    ...{ data, size, batch, steps, threads, cache, augment, results },
  };
  const name = `${summary.date.slice(0, 19).replaceAll(':', '-')}-loader.json`;
  writeFileSync(
    options.out ?? join(import.meta.dirname, '../results', name),
    `${JSON.stringify(summary, null, 2)}\n`,
  );
} else {
  console.log(JSON.stringify(await measure()));
}

async function run(each) {
  const args = [import.meta.filename, ...process.argv.slice(2), '--what', each];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const part of child.stdout) text += part;
  return JSON.parse(text);
}

async function measure() {
  const split = await openData(data, { imageSize: size, cache });
  const mean = [0.485, 0.456, 0.406];
  const std = [0.229, 0.224, 0.225];
  const order = { batchSize: batch, shuffle: true, seed: 1, epoch: 1, augment, mean, std, reuse: true };
  let seconds;
  if (what === 'loader') {
    const loaders = Math.max(1, availableParallelism() - threads);
    const prefetcher = await Prefetcher.start([split.train], { threads: loaders });
    const walk = prefetcher.batches(split.train, order)[Symbol.asyncIterator]();
    // The first batch starts the thread's decoder.
    await walk.next();
    const start = performance.now();
    for (let done = 0; done < steps; done++) await walk.next();
    seconds = (performance.now() - start) / 1000;
    await prefetcher.dispose();
  } else {
    const network = presetNetwork('resnet18', { classes: split.train.classes.length, imageSize: size });
    const trainer = await Trainer.create(network, {
      createSession: createNodeSession,
      threads,
      batchSize: batch,
    });
    if (what === 'step') {
      let one;
      for await (one of batches(split.train, order)) break;
      await trainer.step(one, 1e-3);
      const start = performance.now();
      for (let i = 0; i < steps; i++) await trainer.step(one, 1e-3);
      seconds = (performance.now() - start) / 1000;
    } else {
      const loaders = Math.max(1, availableParallelism() - threads);
      const prefetcher = await Prefetcher.start([split.train, split.test], { threads: loaders });
      let start = 0;
      let last = 0;
      const stop = new globalThis.AbortController();
      await fit(trainer, split, {
        ...{
          epochs: 1,
          batchSize: batch,
          learningRate: 1e-3,
          scheduler: constantLR(),
          shuffle: true,
          seed: 1,
        },
        ...{ augment, normalization: { mean, std }, batches: prefetcher.batches, signal: stop.signal },
        onBatchEnd({ step }) {
          if (step === 1) start = performance.now();
          last = performance.now();
          if (step > steps) stop.abort();
        },
      }).catch((error) => {
        if (!stop.signal.aborted) throw error;
      });
      seconds = (last - start) / 1000;
      await prefetcher.dispose();
    }
    await trainer.dispose();
  }
  return {
    imagesPerSecond: (steps * batch) / seconds,
    peakMB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}
