/**
 * How fast this machine trains, and how far from its limit and from PyTorch that is: `npm run bench`, `--help` lists the
 * options.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { columns, count, percent } from '../../src/cli/text.js';
import { OptionError } from '../../src/errors.js';
import { fallbackLine } from '../../src/program/index.js';
import { findCases } from './cases.js';
import { measure, type BenchResult, type InferenceResult } from './measure.js';
import { profileStep, type StepProfile } from './profile.js';

/** Options and what they do. */
const options = {
  net: {
    type: 'string',
    multiple: true,
    help: 'networks with commas between them; resnet18 stands for both of its image sizes (mnist-cnn, resnet20-cifar, resnet18-64, resnet18-224, resnet50-224)',
  },
  target: {
    type: 'string',
    default: 'both',
    help: 'forms of the step: auto (the fastest here), portable, both',
  },
  autotune: { type: 'boolean', default: true, help: 'measure the forms of the convolutions; --no-autotune' },
  batch: { type: 'string', help: "images in a batch (each network's own)" },
  threads: { type: 'string', help: 'threads within an operator (one for each core)' },
  rounds: { type: 'string', default: '5', help: 'rounds in which ours and the peer take turns' },
  peer: { type: 'boolean', default: false, help: 'measure PyTorch too, in turn with ours' },
  python: { type: 'string', default: 'python3', help: 'python that has PyTorch, for --peer' },
  inference: { type: 'boolean', default: false, help: 'time the exported model on 1 and on 64 images too' },
  profile: {
    type: 'boolean',
    default: false,
    help: 'print where the time of a step goes, by operator and by layer',
  },
  out: { type: 'string', default: 'bench/results', help: 'folder for the results' },
  json: { type: 'boolean', default: false, help: 'print one JSON object a line, nothing else' },
  help: { type: 'boolean', short: 'h', default: false, help: 'print this' },
} as const;

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options, allowNegative: true });
  if (values.help) {
    print(...columns(Object.entries(options).map(([name, { help }]) => [`  --${name}`, help])));
    return;
  }
  const net = values.net?.flatMap((names) => names.split(',').map((name) => name.trim()));
  const threads = whole('threads', values.threads) ?? availableParallelism();
  const batch = whole('batch', values.batch);
  const rounds = whole('rounds', values.rounds) ?? 5;
  const results: BenchResult[] = [];
  for (const subject of findCases(net)) {
    for (const target of targetsOf(values.target)) {
      const shared = { target, threads, autotune: values.autotune, ...(batch !== undefined && { batch }) };
      if (!values.json) console.error(`${subject.net}, ${target} ...`);
      if (values.profile) {
        report(values.json, await profileStep(subject, shared));
        continue;
      }
      const result = await measure(subject, {
        ...shared,
        rounds,
        ...(values.peer && { python: values.python }),
        ...(values.inference && { inference: [1, 64] }),
      });
      results.push(result);
      print(...(values.json ? [JSON.stringify(result)] : lines(result)));
      // After each network: nothing measured is lost.
      await save(values.out, results);
    }
  }
  if (results.length > 0 && !values.json) print('', `results in ${fileOf(values.out, results)}`);
}

function targetsOf(target: string): readonly ('auto' | 'portable')[] {
  if (target === 'both') return ['auto', 'portable'];
  if (target === 'auto' || target === 'portable') return [target];
  throw new OptionError(`--target: expected one of auto, portable, both, got ${target}`);
}

function whole(name: string, typed: string | undefined): number | undefined {
  if (typed === undefined || /^[1-9]\d*$/.test(typed)) return typed === undefined ? typed : Number(typed);
  throw new OptionError(`--${name}: expected a whole number of at least 1, got ${typed}`);
}

function print(...text: readonly string[]): void {
  for (const line of text) console.log(line);
}

/** One file a run, named after its start and what it measured. */
function fileOf(folder: string, [first]: readonly BenchResult[]): string {
  return join(folder, `${(first?.date ?? '').slice(0, 19).replaceAll(':', '-')}.json`);
}

async function save(folder: string, results: readonly BenchResult[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(fileOf(folder, results), `${JSON.stringify(results, undefined, 2)}\n`);
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

function report(json: boolean, profile: StepProfile): void {
  if (json) {
    print(JSON.stringify({ event: 'profile', ...profile }));
    return;
  }
  const table = (rows: StepProfile['byLayer']): string[] =>
    columns(
      rows.map(({ name, ms, share }) => [`  ${name}`, ms.toFixed(2), percent(share)]),
      [1, 2],
    );
  print(`${profile.net}, ${profile.target}: ${profile.ms} ms in operators`);
  print('by operator (ms)', ...table(profile.byOperator.slice(0, 20)));
  print('by layer (ms)', ...table(profile.byLayer.slice(0, 40)));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isMistake = error instanceof OptionError || (error instanceof TypeError && 'code' in error);
  if (!isMistake) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 2;
}
