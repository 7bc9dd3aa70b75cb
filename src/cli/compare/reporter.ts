import { SingleBar } from 'cli-progress';
import {
  fallbackLine,
  layerGradients,
  type Candidate,
  type ComparedNetwork,
  type Comparison,
  type ComparisonFiles,
  type CompareStep,
  type Dataset,
  type OptimizerOptions,
  type ParameterGradient,
} from '../../index.js';
import { print, widthOf, writeJson, type Io } from '../io.js';
import { bar as drawBar, clock, count, counted, duration, field, rate, wrap } from '../text.js';

/** What is known when a comparison begins. */
export interface CompareStart {
  readonly networks: readonly Candidate[];
  readonly data: Dataset;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimizer: OptimizerOptions;
  readonly seed: number;
  readonly files: ComparisonFiles;
}

/** Shows the progress of a comparison. */
export interface CompareReporter {
  readonly start: (start: CompareStart) => void;
  /** A network is about to be built, which takes seconds before its first step. */
  readonly begin: (candidate: Candidate) => void;
  readonly step: (event: CompareStep) => void;
  readonly network: (result: ComparedNetwork) => void;
  readonly done: (comparison: Comparison, files: ComparisonFiles, seconds: number) => void;
  /** Erases what is on the screen only temporarily. */
  readonly close: () => void;
}

/** One JSON object a line: start, step, network, done. */
export function jsonCompareReporter(io: Io, logEvery: number): CompareReporter {
  return {
    start({ networks, data, ...rest }) {
      const names = networks.map(({ label, group, network: { name } }) => ({ label, group, network: name }));
      writeJson(io, { event: 'start', networks: names, data: data.name, images: data.count, ...rest });
    },
    begin: () => undefined,
    step(event) {
      if (logEvery > 0 && event.step % logEvery === 0) writeJson(io, { event: 'step', ...event });
    },
    network({ losses, gradients, device, lowering, ...result }) {
      writeJson(io, {
        event: 'network',
        ...result,
        device: device.chosen,
        rejected: device.rejected,
        lowering,
        steps: losses.length,
        gradients: { start: ends(gradients.start), end: ends(gradients.end) },
      });
    },
    done(_comparison, files, seconds) {
      writeJson(io, { event: 'done', ...files, seconds });
    },
    close: () => undefined,
  };
}

/** A table with a row for each finished network; on a terminal a bar for the running one. */
export function textCompareReporter(io: Io): CompareReporter {
  let bar: SingleBar | undefined;
  let group: string | undefined;
  let finished = 0;
  let networks = 0;
  let firstStep = 0;
  const clear = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    start(start) {
      networks = start.networks.length;
      print(io, ...startLines(start, widthOf(io.stdout)));
    },
    begin({ label }) {
      if (io.stdout.isTTY !== true) return;
      bar = new SingleBar({
        stream: io.stdout,
        format: (_options, _params, payload: { readonly line: string }) => payload.line,
        ...{ clearOnComplete: true, hideCursor: true, linewrap: true, fps: 5 },
      });
      bar.start(1, 0, { line: `${finished + 1}/${networks}  ${label}  is being built` });
    },
    step(event) {
      if (event.step === 1) firstStep = performance.now();
      const seconds = (performance.now() - firstStep) / 1000;
      const left = (seconds / Math.max(1, event.step - 1)) * (event.steps - event.step);
      const place = `${finished + 1}/${networks}`;
      bar?.update(0, { line: progressLine(event, place, left, widthOf(io.stdout)) });
    },
    network(result) {
      clear();
      if (finished === 0 || result.group !== group) print(io, '', ...header(result.group));
      group = result.group;
      finished += 1;
      print(io, row(result));
    },
    done(comparison, { svg, png, json }, seconds) {
      print(io, '', ...deviceLines(comparison, widthOf(io.stdout)));
      print(io, ...field('picture', svg, ...(png === undefined ? [] : [png])));
      print(io, ...field('numbers', json), ...field('time', duration(seconds)));
    },
    close: clear,
  };
}

function startLines({ data, networks, ...recipe }: CompareStart, width: number): string[] {
  const { kind, ...hyper } = recipe.optimizer;
  const inBrackets = Object.entries(hyper).map(([name, value]) => `${name} ${String(value)}`);
  const parts = [
    counted(recipe.steps, 'step'),
    `batches of ${recipe.batchSize}`,
    `${kind}${inBrackets.length === 0 ? '' : ` (${inBrackets.join(', ')})`}`,
    `lr ${rate(recipe.learningRate)}`,
    `seed ${recipe.seed}`,
  ].join(', ');
  return [
    ...field('networks', ...wrap([...new Set(networks.map(({ label }) => label))].join(', '), width - 11)),
    ...field('data', `${data.name}, ${counted(data.count, 'image')}`),
    ...field('recipe', ...wrap(`${parts}; the same for all`, width - 11)),
  ];
}

/** Where the networks ran; a form other than the device's own is slower, which is reported with its reason. */
function deviceLines({ networks }: Comparison, width: number): string[] {
  const devices = networks.map(({ device: { chosen, threads, runtime, rejected } }) =>
    [
      `${chosen}, ${counted(threads, 'thread')}, ONNX Runtime ${runtime}`,
      ...rejected.map(({ device, reason }) => `not ${device}: ${reason}`),
    ].join('; '),
  );
  const forms = networks.flatMap(({ label, group, lowering: { target, reason, fallbacks = [] } }) => {
    const name = [label, group ?? ''].join(' ').trim();
    if (target === 'portable') return [`${name} in the portable form: ${reason}`];
    return fallbacks.map((fallback) => `${name}, ${fallbackLine(fallback)}`);
  });
  const wrapped = (lines: readonly string[]): string[] => lines.flatMap((each) => wrap(each, width - 11));
  return [...field('device', ...wrapped([...new Set(devices)])), ...field('form', ...wrapped(forms))];
}

/** The line of the running network, at most `width - 4` wide: a typed ^C must still fit. */
export function progressLine(event: CompareStep, place: string, left: number, width: number): string {
  const head = `${place}  ${event.label}`;
  const numbers = `loss ${event.loss.toFixed(4)}  step ${event.step}/${event.steps}  ${clock(left)} left`;
  const room = Math.min(40, width - 4 - head.length - numbers.length - 4);
  const middle = room >= 5 ? `  ${drawBar(event.step / event.steps, room)}  ` : '  ';
  return `${head}${middle}${numbers}`.slice(0, width - 4);
}

const header = (group = ''): string[] => [
  `${group.padEnd(36)}gradient norm of first, last layer`,
  line('network', 'parameters', 'loss', ['before step 1', ''], ['at the end', ''], 'time'),
];

function row({ label, parameters, finalLoss, divergedAt, gradients, seconds }: ComparedNetwork): string {
  const norms = (of: readonly ParameterGradient[]): readonly string[] => {
    const { first, last } = ends(of);
    return [digits(first), digits(last)];
  };
  const loss = divergedAt === undefined ? finalLoss.toFixed(4) : 'diverged';
  return line(
    label,
    count(parameters),
    loss,
    norms(gradients.start),
    norms(gradients.end),
    duration(seconds),
  );
}

function line(
  label: string,
  parameters: string,
  loss: string,
  start: readonly string[],
  end: readonly string[],
  time: string,
): string {
  const pair = ([first = '', last = '']: readonly string[]): string =>
    last === '' ? first.padEnd(16) : `${first.padStart(7)}  ${last.padStart(7)}`;
  return `${label.padEnd(13)}${parameters.padStart(11)}${loss.padStart(9)}   ${pair(start)}  ${pair(end)}${time.padStart(8)}`;
}

/** `7.6e+2`; `-` where it is not finite. */
function digits(norm: number): string {
  return Number.isFinite(norm) ? norm.toExponential(1) : '-';
}

/** Gradient norms of the first and the last layer with weights. */
function ends(gradients: readonly ParameterGradient[]): { readonly first: number; readonly last: number } {
  const layers = layerGradients(gradients);
  return { first: layers[0]?.norm ?? Number.NaN, last: layers.at(-1)?.norm ?? Number.NaN };
}
