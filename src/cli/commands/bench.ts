import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  fallbackLine,
  findCases,
  measure,
  profileStep,
  type BenchResult,
  type InferenceResult,
  type StepProfile,
} from '../../index.js';
import { ensureFolder, writeFileSafely } from '../../files-node.js';
import { defineCommand } from '../command.js';
import { note, print, writeJson, type Io } from '../io.js';
import { choice, flag, list, or, text, whole } from '../options.js';
import { optionsOf } from '../spec-flags.js';
import { columns, count, percent } from '../text.js';

/** How fast this machine trains, and how far from its limit and from PyTorch that is. */
export const bench = defineCommand({
  name: 'bench',
  usage: 'bench',
  describe: 'Measure training steps, against PyTorch if you like',
  positionals: {},
  options: {
    net: {
      ...list('networks to measure; resnet18 stands for both of its image sizes'),
      fallback: 'mnist-cnn, resnet20-cifar, resnet18-64, resnet18-224, resnet50-224',
    },
    target: or(
      choice('forms of the step: auto (the fastest here), portable, both', [
        'auto',
        'portable',
        'both',
      ] as const),
      'both' as const,
    ),
    ...optionsOf('autotune'),
    batch: { ...whole('images in a batch', 1), fallback: "each network's own" },
    threads: { ...whole('threads within an operator', 1), fallback: 'one for each core' },
    rounds: or(whole('rounds in which ours and the peer take turns', 1), 5),
    peer: or(flag('measure PyTorch too, in turn with ours'), false),
    python: or(text('python that has PyTorch, for --peer'), 'python3'),
    inference: or(flag('time the exported model on 1 and on 64 images too'), false),
    profile: or(flag('print where the time of a step goes, by operator and by layer'), false),
    out: or(text('folder for the results'), 'bench/results'),
  },
  examples: [
    ['bench --net mnist-cnn', "the tutorial's network, both forms of its step"],
    ['bench --peer --python venv/bin/python', 'all networks against PyTorch'],
    ['bench --net resnet18-64 --profile', 'what takes the time'],
  ],
  async run(args, io) {
    const cases = findCases(args.net);
    const threads = args.threads ?? availableParallelism();
    const targets = args.target === 'both' ? (['auto', 'portable'] as const) : [args.target];
    const results: BenchResult[] = [];
    for (const subject of cases) {
      for (const target of targets) {
        const shared = {
          target,
          threads,
          autotune: args['autotune'] !== false,
          ...(args.batch !== undefined && { batch: args.batch }),
        };
        if (!args.json) note(io, `${subject.net}, ${target} ...`);
        if (args.profile) {
          report(io, args.json, await profileStep(subject, shared));
          continue;
        }
        const result = await measure(subject, {
          ...shared,
          rounds: args.rounds,
          ...(args.peer && { python: args.python }),
          ...(args.inference && { inference: [1, 64] }),
        });
        results.push(result);
        if (args.json) writeJson(io, { ...result });
        else print(io, ...lines(result));
        // After each network: nothing measured is lost.
        await save(args.out, results);
      }
    }
    if (results.length > 0 && !args.json) print(io, '', `results in ${fileOf(args.out, results)}`);
  },
});

/** One file a run, named after its start and what it measured. */
function fileOf(folder: string, [first]: readonly BenchResult[]): string {
  return join(folder, `${(first?.date ?? '').slice(0, 19).replaceAll(':', '-')}.json`);
}

async function save(folder: string, results: readonly BenchResult[]): Promise<void> {
  await ensureFolder(folder);
  await writeFileSafely(fileOf(folder, results), `${JSON.stringify(results, undefined, 2)}\n`);
}

function lines(result: BenchResult): string[] {
  const { peerStepMs, ratio, inference } = result;
  const against =
    ratio === undefined || peerStepMs === undefined
      ? `no peer: ${result.peer}`
      : `${result.peer} ${peerStepMs} ms, ratio ${ratio}`;
  const forward: InferenceResult = {
    batch: result.batch,
    ms: result.forwardMs,
    peerMs: result.peerForwardMs,
    ratio: result.forwardRatio,
  };
  const peak = result.peerPeakMb === undefined ? '' : `, PyTorch's ${count(result.peerPeakMb)} MB`;
  return [
    `${result.net}, batch ${result.batch}, ${result.threads} threads, ${result.target}: ${result.stepMs} ms a step (${against})`,
    ...columns([
      ['  images', `${count(result.imagesPerSecond)} a second`],
      [
        '  rate',
        `${result.gflops} GFLOP/s, ${percent(result.gflops / result.limitGflops)} of a matrix product's ${result.limitGflops}`,
      ],
      ['  memory', `peak ${count(result.peakMb)} MB${peak}`],
      ...result.fallbacks.map((fallback) => ['  falls back', fallbackLine(fallback)]),
      ['  first step', `after ${(result.firstStepMs / 1000).toFixed(2)} s`],
      ...[forward, ...inference].map(({ batch, ms, peerMs, ratio: faster }) => [
        '  inference',
        `${ms} ms for ${batch} images${faster === undefined ? '' : ` (PyTorch ${String(peerMs)} ms, ratio ${faster})`}`,
      ]),
    ]),
  ];
}

function report(io: Io, json: boolean, profile: StepProfile): void {
  if (json) {
    writeJson(io, { event: 'profile', ...profile });
    return;
  }
  const table = (rows: StepProfile['byLayer']): string[] =>
    columns(
      rows.map(({ name, ms, share }) => [`  ${name}`, ms.toFixed(2), percent(share)]),
      [1, 2],
    );
  print(io, `${profile.net}, ${profile.target}: ${profile.ms} ms in operators`);
  print(io, 'by operator (ms)', ...table(profile.byOperator.slice(0, 20)));
  print(io, 'by layer (ms)', ...table(profile.byLayer.slice(0, 40)));
}
