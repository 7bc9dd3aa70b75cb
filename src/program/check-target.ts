import {
  checkForms,
  firstDifference,
  formsToCheck,
  type CheckedForms,
  type CheckSetup,
} from './check-forms.js';
import type { LoweringOptions, NamedTensors, RunModel, Target } from './target.js';
import { checkedKinds, type GraphOptions } from './graphs.js';
import type { Network, NodeReport } from './types.js';
import { DeviceError, messageOf } from '../errors.js';
import type { CreateSession, Session, SessionOptions } from './session.js';
import { checkFeeds } from './check-feeds.js';
import type { KeptChecks } from './kept-checks.js';

/** What is compared, and on which runtime. */
export interface CheckOptions extends SessionOptions, GraphOptions {
  readonly createSession: CreateSession;
}

/** What a comparison has found. */
export interface CheckResult {
  /** What the lowered models do differently, if anything. */
  readonly wrong?: string;
  /** Whether an earlier run has compared the same models in the same place, so that this one has not. */
  readonly isKnown: boolean;
  /** What became of the nodes of the training model; absent where something is wrong. */
  readonly nodes?: readonly NodeReport[];
}

/**
 * What the lowered models do differently on a small batch, if anything: loss, gradients and statistics of the training
 * model, which is the step without its optimizer. The optimizer's operators are the same ones, piece by piece, but for the norm that it may clip at. Where the
 * target has a reference on another device, a difference is a DeviceError that names the first layer that differs.
 *
 * @param kept - Remembers what has passed; a comparison across devices is made each time, for a driver may have changed.
 */
export async function checkTarget(
  network: Network,
  options: CheckOptions,
  target: Target,
  lowering: LoweringOptions,
  kept?: KeptChecks,
): Promise<CheckResult> {
  const { reference } = target;
  let feeds: NamedTensors | undefined;
  const setup: CheckSetup = {
    run: runner(options),
    ...(reference && { runPortable: runner({ ...options, devices: reference }) }),
    feedsFor: (inputs): NamedTensors => {
      feeds ??= checkFeeds(network, lowering.batch);
      return Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.includes(name)));
    },
  };
  const forms: CheckedForms[] = [];
  let kind: CheckedForms['kind'] = 'training';
  try {
    for (kind of checkedKinds(options))
      forms.push(formsToCheck(target, network, kind, graphOptions(options), lowering));
    const nodes = forms[0]?.lowering.report ?? [];
    const digest = reference === undefined ? await kept?.digest(forms.map(({ model }) => model)) : undefined;
    if (digest !== undefined && (await kept?.hasPassed(digest)) === true) return { isKnown: true, nodes };
    for (const each of forms) {
      ({ kind } = each);
      const { equal, differences } = await checkForms(each, lowering.batch, setup);
      if (equal) continue;
      const worst = Object.entries(differences).reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
      const wrong = `the ${target.name} form of ${kind} differs: ${worst[0]} by ${worst[1].toExponential(1)} of its largest number`;
      if (reference === undefined) return { wrong, isKnown: false };
      const first =
        kind === 'clip'
          ? undefined
          : await firstDifference(target, network, kind, graphOptions(options), lowering, setup);
      const where =
        first === undefined
          ? 'no layer differs by itself'
          : `the first layer that differs is ${first.layer}, by ${first.difference.toExponential(1)} (${first.value})`;
      throw new DeviceError(
        `${target.name}: its numbers are not those of ${reference.join(' or ')}: ${wrong}; ${where}. Training on them would be wrong; take another device`,
      );
    }
    if (digest !== undefined) await kept?.keep(digest);
    return { isKnown: false, nodes };
  } catch (error) {
    // A device that is lost or wrong stays an error; what it cannot run is one where nothing else is right on it.
    if (error instanceof DeviceError) throw error;
    const wrong = `the ${target.name} form of ${kind} does not run: ${messageOf(error)}`;
    if (reference === undefined) return { wrong, isKnown: false };
    throw new DeviceError(`${target.name}: ${wrong}`, { cause: error });
  }
}

/** Loads a model, runs it once and disposes of it; `onLoad` sees the session. */
export function runner(
  options: CheckOptions,
  onLoad: (session: Session) => void = () => undefined,
): RunModel {
  return async (model, feeds) => {
    const session = await options.createSession(model, options);
    onLoad(session);
    try {
      return await session.run(feeds, session.outputNames);
    } finally {
      await session.dispose();
    }
  };
}

/** What the compared graphs are made from: the optimizer has no part in them. */
function graphOptions({ optimizer, loss, softTargets = false }: GraphOptions): GraphOptions {
  return { optimizer, softTargets, ...(loss && { loss }) };
}
