import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchCase } from './cases.js';
import { startWorker } from './measure.js';

/** Time of a step spent in one kind of operator, or in one layer. */
export interface ProfileRow {
  readonly name: string;
  /** Mean milliseconds of a step. */
  readonly ms: number;
  /** Of all that the profiler saw. */
  readonly share: number;
}

/** Where a step's time goes, from ONNX Runtime's profiler; the longest first. */
export interface StepProfile {
  readonly net: string;
  readonly target: string;
  /** Sum over all nodes; less than a step takes, which copies and calls besides. */
  readonly ms: number;
  readonly byOperator: readonly ProfileRow[];
  /** Forward pass, backward pass and weight preparation of each layer; the optimizer is a layer too. */
  readonly byLayer: readonly ProfileRow[];
}

/** One entry of a file of ONNX Runtime's profiler. */
export interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

/** One run of one node. */
export interface NodeRun {
  readonly node: string;
  readonly operator: string;
  /** Execution provider, e.g. `WebGpuExecutionProvider`. */
  readonly provider: string;
  /** Microseconds. */
  readonly dur: number;
}

/** The runs of nodes among a profiler's events, in order. */
export function nodeRuns(events: readonly ProfileEvent[]): readonly NodeRun[] {
  const suffix = '_kernel_time';
  return events
    .filter(({ cat, name }) => cat === 'Node' && name.endsWith(suffix))
    .map(({ name, dur, args }) => ({
      node: name.slice(0, -suffix.length),
      operator: args?.op_name ?? 'unknown',
      provider: args?.provider ?? 'unknown',
      dur,
    }));
}

/** Profiles some steps of a network. */
export async function profileStep(
  subject: BenchCase,
  { target, threads, batch = subject.batch, autotune = true }: ProfileOptions,
): Promise<StepProfile> {
  const folder = await mkdtemp(join(tmpdir(), 'ort-train-profile-'));
  try {
    const profile = join(folder, 'session');
    const worker = startWorker({ net: subject.net, batch, target, threads, profile, autotune });
    const ready = (await worker.ask()) as { readonly lowering: { readonly target: string } };
    const [first = 1000] = (await worker.ask('step 1')) as readonly number[];
    // ONNX Runtime keeps a million events at most, and the first steps are not typical.
    await worker.ask(`step ${Math.max(4, Math.min(40, Math.round(2000 / first)))}`);
    await worker.stop();
    return summary(subject.net, ready.lowering.target, await busiest(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What `profileStep` takes. */
export interface ProfileOptions {
  readonly target: 'auto' | 'portable';
  readonly threads: number;
  readonly batch?: number;
  readonly autotune?: boolean;
}

/** The events of the session that ran longest: the step's. */
async function busiest(folder: string): Promise<readonly ProfileEvent[]> {
  let best: { readonly time: number; readonly events: readonly ProfileEvent[] } = { time: 0, events: [] };
  for (const file of await readdir(folder)) {
    const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as readonly ProfileEvent[];
    const time = runsOf(events).reduce((sum, { dur }) => sum + dur, 0);
    if (time > best.time) best = { time, events };
  }
  return best.events;
}

function runsOf(events: readonly ProfileEvent[]): readonly ProfileEvent[] {
  return events.filter(({ cat, name }) => cat === 'Session' && name === 'model_run');
}

function summary(net: string, target: string, events: readonly ProfileEvent[]): StepProfile {
  const runs = runsOf(events).length;
  const nodes = nodeRuns(events);
  // The first two steps allocate, and take up to twice as long; their events come first.
  const steady = nodes.slice(2 * Math.floor(nodes.length / runs));
  const total = steady.reduce((sum, { dur }) => sum + dur, 0);
  const rows = (keyOf: (run: NodeRun) => string): readonly ProfileRow[] => {
    const sums = new Map<string, number>();
    for (const run of steady) sums.set(keyOf(run), (sums.get(keyOf(run)) ?? 0) + run.dur);
    return [...sums]
      .sort(([, a], [, b]) => b - a)
      .map(([name, dur]) => ({ name, ms: milliseconds(dur, runs), share: dur / total }));
  };
  return {
    net,
    target,
    ms: milliseconds(total, runs),
    byOperator: rows(({ operator }) => operator),
    byLayer: rows(({ node }) => layerOf(node)),
  };
}

function milliseconds(microseconds: number, runs: number): number {
  return Number((microseconds / 1000 / Math.max(1, runs - 2)).toPrecision(4));
}

/** `layer4.0.relu1.conv_input_grad` belongs to `layer4.0.relu1`, `adam.mul_2.7`, for the seventh piece, to `adam`. */
function layerOf(name: string): string {
  const node = name.replace(/\.\d+$/, '');
  return node.includes('.') ? node.slice(0, node.lastIndexOf('.')) : 'other';
}
