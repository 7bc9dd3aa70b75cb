import { messageOf } from '../errors.js';
import { tuneFor, type LoadTimed, type Tuning } from './tune.js';
import type { GraphOptions } from './graphs.js';
import type { Network } from './types.js';
import type { Target } from './target.js';
import type { CreateSession, SessionOptions } from './session.js';

/** Keeps the measured choices of one machine between runs. */
export interface TuningStore {
  /** What the choices hold for: runtime, CPU and threads. */
  readonly machine: string;
  /** Forms by key; none where nothing is kept yet. */
  load(): Promise<Readonly<Record<string, string>>>;
  /** Adds choices to those kept. */
  save(choices: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Whether lowered models of this digest have given the portable numbers in an earlier run, so that they need not be compared
   * again. Absent, as is `keepPassed`: each run compares.
   */
  readonly hasPassed?: (digest: string) => Promise<boolean>;
  /** Keeps the digest of models that have. */
  readonly keepPassed?: (digest: string) => Promise<void>;
}

/** For which step, and from which choices, the forms of convolutions are chosen. */
export interface TuningOptions {
  /** Images in a batch; batches of other sizes have the same forms. */
  readonly batchSize: number;
  readonly store: TuningStore;
  /** Choices by key of the run that this one goes on with: nothing is measured then. */
  readonly choices?: Readonly<Record<string, string>>;
}

/** How the forms were chosen, and where the choices are kept. */
export interface StepTuning extends Tuning {
  readonly report: Tuning['report'] & {
    readonly machine: string;
    /** Why the choices measured now are not kept. */
    readonly unsaved?: string;
  };
}

/** Chooses the forms of a network's convolutions and keeps what was measured. */
export async function tuneStep(
  target: Target,
  network: Network,
  graph: GraphOptions,
  { batchSize, store, choices }: TuningOptions,
  session: SessionOptions & { readonly createSession: CreateSession },
): Promise<StepTuning> {
  const tuning = await tuneFor(
    target,
    network,
    graph,
    batchSize,
    choices === undefined ? { known: await store.load(), load: loader(session) } : { known: choices },
  );
  const report = { ...tuning.report, machine: store.machine };
  if (report.measured === 0) return { ...tuning, report };
  try {
    await store.save(formsByKey(report.choices));
    return { ...tuning, report };
  } catch (error) {
    // The run has what it needs; the next one measures again.
    return {
      ...tuning,
      report: { ...report, unsaved: messageOf(error) },
    };
  }
}

/** A report's choices as stores and checkpoints keep them. */
export function formsByKey(choices: Tuning['report']['choices']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(choices).map(([key, { form }]) => [key, form]));
}

function loader({ createSession, ...options }: Parameters<typeof tuneStep>[4]): LoadTimed {
  return async (model, feeds, results) => {
    const session = await createSession(model, { ...options, givenResults: true });
    return {
      async run() {
        const start = performance.now();
        await session.run(feeds, results);
        return performance.now() - start;
      },
      dispose: () => session.dispose(),
    };
  };
}
