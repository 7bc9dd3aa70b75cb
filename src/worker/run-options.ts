import { checkRun, type RunSpec, type TrainOptions, type TrainResult } from '../train/index.js';
import type { DataSplit } from '../data/index.js';
import { defined } from '../checks.js';
import { refuseFolder } from '../train/spec/run.js';
import type { KeptOptions, WorkerRun, WorkerTrainResult } from './protocol.js';
import type { FoundRun } from './stored-run.js';

/** The plain JSON of a run, and the options that only the worker has. Throws OptionError for what is not a `RunSpec`. */
export function described(run: WorkerRun): { readonly spec: RunSpec; readonly kept: KeptOptions } {
  const {
    data,
    scheduler,
    checkpointSeconds,
    fallback,
    init: _,
    resume: _r,
    checkpointKey: _k,
    ...rest
  } = run;
  const spec = checkRun({
    ...rest,
    ...(data === 'digits' && { data }),
    ...(scheduler && { scheduler: { name: scheduler.name, options: scheduler.options } }),
  });
  refuseFolder(spec);
  return { spec, kept: defined({ checkpointSeconds, fallback }) };
}

/** The checkpoint that a run resumes from: a stored one, one given as bytes, or none. */
export function resumeOf({ resume }: WorkerRun, found: FoundRun | undefined): TrainOptions['resume'] {
  if (found !== undefined) {
    const { stored, record } = found;
    return { name: `the stored run '${stored.key}'`, bytes: record.checkpoint, epochs: stored.history };
  }
  if (resume === undefined || resume === 'stored') return undefined;
  return resume instanceof Uint8Array ? { name: 'resume', bytes: resume } : resume;
}

/** The options that `trainOn` gets for a run, without callbacks. */
export function trainOptions(
  spec: RunSpec,
  run: WorkerRun,
  data: DataSplit,
  found: FoundRun | undefined,
): TrainOptions {
  const { $schema: _, format: _f, init: _i, ...fields } = spec;
  return { ...fields, data, ...defined({ init: run.init, resume: resumeOf(run, found) }) };
}

/** A result in a form that can be sent, and whose memory can be transferred. */
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
