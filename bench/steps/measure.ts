import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { buildGraph, formsByKey, type Fallback, type StepTuning } from '../../src/program/index.js';
import type { BenchCase } from './cases.js';
import { flopsOf } from './flops.js';
import { startSubprocess, type Subprocess } from './subprocess.js';
import type { Ready, WorkerOptions } from './worker.js';

/** How to measure. */
export interface BenchOptions {
  readonly target: 'auto' | 'portable';
  readonly threads: number;
  /** Whether the forms of the convolutions are measured, as in training; default true. */
  readonly autotune?: boolean;
  /** In place of the case's own batch. */
  readonly batch?: number;
  /** Rounds in which ours and the peer take turns; default 5. */
  readonly rounds?: number;
  /** Python with PyTorch; undefined: no peer. */
  readonly python?: string;
  /** Batches for which the exported model is timed beside the case's own. */
  readonly inference?: readonly number[];
}

/** Milliseconds of the exported model's forward pass. */
export interface InferenceResult {
  readonly batch: number;
  readonly ms: number;
  readonly peerMs: number | undefined;
  /** Above 1: we are faster. */
  readonly ratio: number | undefined;
}

/** What came of one network in one form; times are medians in milliseconds. */
export interface BenchResult {
  readonly net: string;
  readonly batch: number;
  readonly threads: number;
  readonly target: string;
  readonly stepMs: number;
  /** The exported model, batch norm folded, on as many images. */
  readonly forwardMs: number;
  readonly imagesPerSecond: number;
  /** PyTorch's version, or why there is none. */
  readonly peer: string;
  readonly peerStepMs: number | undefined;
  readonly peerForwardMs: number | undefined;
  /** The peer's step by ours: above 1 we are faster. */
  readonly ratio: number | undefined;
  readonly forwardRatio: number | undefined;
  /** Of the step's convolutions and matrix products, and of one large matrix product on this machine. */
  readonly gflops: number;
  readonly limitGflops: number;
  readonly peakMb: number;
  readonly peerPeakMb: number | undefined;
  readonly firstStepMs: number;
  readonly inference: readonly InferenceResult[];
  readonly reason: string;
  /** What of it runs in its portable form; see `LoweringReport`. */
  readonly fallbacks: readonly Fallback[];
  /** The forms of the step's convolutions by key, and how many of them were measured before it; undefined without. */
  readonly tuned: TunedSummary | undefined;
  readonly date: string;
  readonly cpu: string;
  readonly onnxruntime: string;
  readonly node: string;
}

/** What was chosen before the first step. */
export interface TunedSummary {
  readonly measured: number;
  readonly fromCache: number;
  readonly untuned: number;
  readonly forms: Readonly<Record<string, string>>;
}

/**
 * Measures one network: ours and PyTorch's steps in turn, each in a process of its own, so that whatever else the machine
 * does meets both. Without a peer only ours.
 */
export async function measure(subject: BenchCase, options: BenchOptions): Promise<BenchResult> {
  const { threads, target, rounds = 5, inference = [], autotune = true } = options;
  const batch = options.batch ?? subject.batch;
  const ours = startWorker({ net: subject.net, batch, target, threads, autotune });
  let peer: Peer = { missing: 'not asked for' };
  try {
    const ready = (await ours.ask()) as Ready;
    peer = await startPeer(subject, options, batch);
    const warm = await both(ours, peer, 'step 2');
    const steps = await inTurn(ours, peer, `step ${countFor(warm)}`, rounds);
    const peakMb = (await ours.ask('peak')) as number;
    const peerPeakMb = 'process' in peer ? ((await peer.process.ask('peak')) as number) : undefined;
    const limitGflops = (await ours.ask('gemm')) as number;
    const forwards: InferenceResult[] = [];
    for (const size of [batch, ...inference]) {
      const first = await both(ours, peer, `forward ${size} 2`);
      const times = await inTurn(ours, peer, `forward ${size} ${countFor(first)}`, rounds);
      forwards.push(resultOf(size, times));
    }
    const [own, ...more] = forwards;
    const step = resultOf(batch, steps);
    const flops = flopsOf(buildGraph(subject.network(), 'step', { optimizer: { kind: 'adam' } }), batch);
    return {
      net: subject.net,
      batch,
      threads,
      target: ready.lowering.target,
      stepMs: step.ms,
      forwardMs: own?.ms ?? NaN,
      imagesPerSecond: rounded((1000 * batch) / step.ms),
      peer: 'process' in peer ? `PyTorch ${peer.version}` : peer.missing,
      peerStepMs: step.peerMs,
      peerForwardMs: own?.peerMs,
      ratio: step.ratio,
      forwardRatio: own?.ratio,
      gflops: rounded(flops / step.ms / 1e6),
      limitGflops: rounded(limitGflops),
      peakMb: Math.round(peakMb),
      peerPeakMb: peerPeakMb === undefined ? undefined : Math.round(peerPeakMb),
      firstStepMs: Math.round(ready.firstStepMs),
      inference: more,
      reason: ready.lowering.reason,
      fallbacks: ready.lowering.fallbacks ?? [],
      tuned: ready.lowering.tuned && summaryOf(ready.lowering.tuned),
      date: new Date().toISOString(),
      cpu: cpus()[0]?.model ?? 'unknown',
      onnxruntime: ready.runtime,
      node: process.versions.node,
    };
  } finally {
    await ours.stop();
    if ('process' in peer) await peer.process.stop();
  }
}

function summaryOf({ measured, fromCache, untuned, choices }: StepTuning['report']): TunedSummary {
  return { measured, fromCache, untuned, forms: formsByKey(choices) };
}

/** Starts our side, from the compiled file beside this one. */
export function startWorker(options: WorkerOptions): Subprocess {
  const script = fileURLToPath(new URL('worker.js', import.meta.url));
  return startSubprocess(process.execPath, [script, JSON.stringify(options)]);
}

type Peer = { readonly process: Subprocess; readonly version: string } | { readonly missing: string };

async function startPeer(subject: BenchCase, options: BenchOptions, batch: number): Promise<Peer> {
  const { python, threads } = options;
  if (python === undefined) return { missing: 'not asked for' };
  const script = fileURLToPath(new URL('../../../torch_step.py', import.meta.url));
  if (!existsSync(script)) return { missing: `${script} is not there` };
  const { net, size } = subject.peer;
  const args = [script, net, String(batch), ...(size === undefined ? [] : [String(size)])];
  const process = startSubprocess(python, args, { THREADS: String(threads) });
  try {
    const { torch } = (await process.ask()) as { readonly torch: string };
    return { process, version: torch };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** As many runs in a turn as take about a second, so that most begin with what the run before left in the caches. */
function countFor({ ours }: Times): number {
  return Math.max(1, Math.min(20, Math.round(1000 / median(ours))));
}

interface Times {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

async function both(ours: Subprocess, peer: Peer, line: string): Promise<Times> {
  return {
    ours: (await ours.ask(line)) as readonly number[],
    peer: 'process' in peer ? ((await peer.process.ask(line)) as readonly number[]) : [],
  };
}

async function inTurn(ours: Subprocess, peer: Peer, line: string, rounds: number): Promise<Times> {
  const all: Times[] = [];
  for (let round = 0; round < rounds; round++) all.push(await both(ours, peer, line));
  return { ours: all.flatMap((times) => times.ours), peer: all.flatMap((times) => times.peer) };
}

function resultOf(batch: number, times: Times): InferenceResult {
  const ms = median(times.ours);
  const peerMs = times.peer.length === 0 ? undefined : median(times.peer);
  const ratio = peerMs === undefined ? undefined : Number((peerMs / ms).toFixed(3));
  return { batch, ms: rounded(ms), peerMs: peerMs === undefined ? undefined : rounded(peerMs), ratio };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
