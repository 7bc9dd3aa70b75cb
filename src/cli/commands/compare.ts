import { dirname } from 'node:path';
import {
  AbortedError,
  channelStatistics,
  compareNetworks,
  comparisonFiles,
  createNodeSession,
  writeComparison,
} from '../../index.js';
import { ensureFolder } from '../../files-node.js';
import { defined } from '../../checks.js';
import { defineCommand, grouped } from '../command.js';
import { candidatesFor, checkDepths } from '../compare/candidates.js';
import { jsonCompareReporter, textCompareReporter } from '../compare/reporter.js';
import { openDataFor } from '../open-data.js';
import { choice, or, positive, text, whole, wholes } from '../options.js';
import { optionsOf, specFrom } from '../spec-flags.js';

/** Plain against residual networks: why residual networks exist. */
export const compare = defineCommand({
  name: 'compare',
  usage: 'compare',
  describe: 'Train plain and residual networks alike, draw losses and gradients',
  positionals: {},
  options: {
    depths: { ...wholes('depths of the networks, each 6n + 2'), fallback: '20,56' },
    norm: or(
      choice('networks with batch norm, without (none), or both', ['both', 'batch', 'none'] as const),
      'both' as const,
    ),
    data: or(text('data set as in train: digits (embedded), mnist, cifar10, a folder, ...'), 'digits'),
    steps: or(whole('optimizer steps for each network', 1), 240),
    out: or(
      text('folder for compare.svg and compare.json, or a path ending in .svg or .png'),
      'runs/compare',
    ),
    ...grouped('Run:', {
      seed: or(whole('seed of the weights and of the order of the images', 0), 0),
      ...optionsOf('devices', 'threads'),
      logEvery: { ...whole('with --json, print every so many steps, 0 for none', 0), fallback: '100' },
    }),
    ...grouped('Recipe:', {
      batchSize: or(whole('images in a batch', 1), 32),
      lr: or(positive('learning rate of all steps'), 3e-4),
    }),
    ...optionsOf('optimizer', 'dataOptions'),
  },
  examples: [
    ['compare', 'plain and residual networks of 20 and 56 layers, with and without batch norm'],
    ['compare --depths 8,20,32 --norm none --steps 300', 'other depths, without batch norm only'],
    ['compare --optimizer sgd --momentum 0.9 --lr 0.01 --out sgd.png', "the paper's optimizer, as PNG"],
  ],
  async run(args, io) {
    const { norm, steps, out, seed, batchSize, lr: learningRate } = args;
    const depths = args.depths ?? [20, 56];
    checkDepths(depths);
    const { optimizer = { kind: 'adam' }, dataOptions = {}, devices, threads } = specFrom(args);
    const signal = io.interruptible();
    const files = comparisonFiles(out);
    await ensureFolder(dirname(files.svg));
    const { train: data } = await openDataFor(io, { data: args.data, dataOptions }, { signal });
    const networks = candidatesFor(depths, norm, data);
    const reporter = args.json ? jsonCompareReporter(io, args.logEvery ?? 100) : textCompareReporter(io);
    const started = performance.now();
    let finished = 0;
    try {
      reporter.start({ networks, data, steps, batchSize, learningRate, optimizer, seed, files });
      const comparison = await compareNetworks(networks, {
        ...{ data, steps, batchSize, learningRate, optimizer, seed, signal },
        createSession: createNodeSession,
        ...defined({ devices, threads }),
        normalization: await channelStatistics(data),
        onNetworkStart: reporter.begin,
        onStep: reporter.step,
        onNetworkEnd: async (soFar) => {
          const result = soFar.networks.at(-1);
          if (result !== undefined) reporter.network(result);
          // After each, so that finished ones are saved whatever happens to the rest.
          await writeComparison(soFar, out);
          finished = soFar.networks.length;
        },
      });
      reporter.done(comparison, files, (performance.now() - started) / 1000);
    } catch (error) {
      if (!(error instanceof AbortedError) || finished === 0) throw error;
      throw new AbortedError(`${error.message}, see ${files.svg} and ${files.json}`, { cause: error });
    } finally {
      reporter.close();
    }
  },
});
