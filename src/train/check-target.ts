import {
  checkFor,
  firstDifference,
  type CheckSetup,
  type GraphOptions,
  type LoweringOptions,
  type NamedTensors,
  type Network,
  type RunModel,
  type Target,
} from '../artifacts/index.js';
import { DeviceError } from '../errors.js';
import type { CreateSession, Session, SessionOptions } from '../session/session.js';
import { checkFeeds } from './check-feeds.js';

/** What is compared, and on which runtime. */
export interface CheckOptions extends SessionOptions, GraphOptions {
  readonly createSession: CreateSession;
}

/**
 * What the lowered models do differently on a small batch, if anything: loss, gradients and statistics of the training
 * model, which is the step without its optimizer. The optimizer's operators are the same ones, piece by piece. Where the
 * target has a reference on another device, a difference is a DeviceError that names the first layer that differs.
 */
export async function whatDiffers(
  network: Network,
  options: CheckOptions,
  target: Target,
  lowering: LoweringOptions,
): Promise<string | undefined> {
  const { reference } = target;
  const setup: CheckSetup = {
    run: runner(options),
    ...(reference && { runPortable: runner({ ...options, devices: reference }) }),
    feedsFor: (inputs): NamedTensors => checkFeeds(network, inputs.includes('step'), lowering.batch),
  };
  for (const kind of ['training', 'eval'] as const) {
    const what = [target, network, kind, graphOptions(options), lowering, setup] as const;
    try {
      const checked = await checkFor(...what);
      if (checked.equal) continue;
      const worst = Object.entries(checked.differences).reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
      const wrong = `the ${target.name} form of ${kind} differs: ${worst[0]} by ${worst[1].toExponential(1)} of its largest number`;
      if (reference === undefined) return wrong;
      const first = await firstDifference(...what);
      const where =
        first === undefined
          ? 'no layer differs by itself'
          : `the first layer that differs is ${first.layer}, by ${first.difference.toExponential(1)} (${first.value})`;
      throw new DeviceError(
        `${target.name}: its numbers are not those of ${reference.join(' or ')}: ${wrong}; ${where}. Training on them would be wrong; take another device`,
      );
    } catch (error) {
      // A device that is lost or wrong stays an error; what it cannot run is one where nothing else is right on it.
      if (error instanceof DeviceError) throw error;
      const reason = `the ${target.name} form of ${kind} does not run: ${error instanceof Error ? error.message : String(error)}`;
      if (reference === undefined) return reason;
      throw new DeviceError(`${target.name}: ${reason}`, { cause: error });
    }
  }
  return undefined;
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

/** What a graph is made from, without the rest. */
export function graphOptions({ optimizer, loss }: GraphOptions): GraphOptions {
  return { optimizer, ...(loss && { loss }) };
}
