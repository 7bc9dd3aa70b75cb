import { schedulerFrom, type TrainOptions, type TrainResult } from '../train/index.js';
import type { Network } from '../program/index.js';
import type { DataSplit } from '../data/index.js';
import type { WorkerRun, WorkerTrainResult } from './protocol.js';
import type { FoundRun } from './stored-run.js';

/** Without options that are there but undefined, as callers without TypeScript may give them. */
export function defined(run: WorkerRun): WorkerRun {
  return Object.fromEntries(Object.entries(run).filter(([, value]) => value !== undefined));
}

/** The checkpoint that a run goes on from: a stored one, one given as bytes, or none. */
export function resumeOf({ resume }: WorkerRun, found: FoundRun | undefined): TrainOptions['resume'] {
  if (found !== undefined) {
    const { stored, record } = found;
    return { name: `the stored run '${stored.key}'`, bytes: record.checkpoint, epochs: stored.history };
  }
  if (resume === undefined || resume === 'stored') return undefined;
  return resume instanceof Uint8Array ? { name: 'resume', bytes: resume } : resume;
}

/** What `trainOn` is told of a run, without callbacks. Throws OptionError for an unknown scheduler. */
export function trainOptions(
  run: WorkerRun,
  network: Network,
  data: DataSplit,
  resume: TrainOptions['resume'],
): TrainOptions {
  const { network: spec, preset, scheduler, shuffle, ...rest } = run;
  const {
    resume: _resume,
    data: _data,
    digits: _digits,
    images: _images,
    checkpointKey: _key,
    checkpointSeconds: _seconds,
    fallback: _fallback,
    ...known
  } = rest;
  // A network of one's own is trained in file order; those of these families as their presets.
  const shuffled = shuffle ?? (spec !== undefined && spec.family !== 'mnist-cnn' ? true : undefined);
  return {
    ...known,
    ...(spec === undefined ? { preset: preset ?? 'mnist-cnn' } : { network }),
    data,
    ...(scheduler && { scheduler: schedulerFrom(scheduler) }),
    ...(shuffled !== undefined && { shuffle: shuffled }),
    ...(resume && { resume }),
  };
}

/** A result in a form that can be sent, and whose memory can be moved. */
export function toPage(
  { network, files: _files, ...result }: TrainResult,
  stepLosses: readonly number[],
): WorkerTrainResult {
  const { name, input, classes } = network;
  return {
    ...result,
    // A copy: the worker goes on using the model, the page gets the memory of this one.
    model: result.model.slice(),
    network: { name, input, classes },
    history: { ...result.history, stepLosses },
  };
}
