import { checkTarget, runner, type CheckOptions, type CheckResult } from './check-target.js';
import { layoutFor } from './compile.js';
import { fallbacksIn, wholeNetwork, type Fallback } from './fallbacks.js';
import { identityModel } from './identity.js';
import { keptChecks } from './kept-checks.js';
import type { LoweringReport } from './lowering-report.js';
import type { DeviceReport } from './session.js';
import type { LoweringOptions, Target } from './target.js';
import { devices, findBlockSize, portableTarget } from './targets.js';
import { tuneStep, type StepTuning, type TuningOptions } from './tuning.js';
import type { Network, TargetState } from './types.js';

/** What a target is chosen by. */
export interface ChoiceOptions extends CheckOptions {
  /** `auto` (default): the device's own form where it has one and it computes the same; else `portable`. */
  readonly target?: 'auto' | 'portable';
  /** Measures which forms of the convolutions are the fastest; without it the written heuristic chooses. */
  readonly tuning?: TuningOptions;
}

/** The target of a run. */
export interface Choice {
  readonly device: DeviceReport;
  readonly target: Target;
  readonly lowering: LoweringReport;
  /** How the state lies, for all programs of the run. */
  readonly layout: TargetState;
  readonly choices?: StepTuning['choices'];
}

/**
 * Images in the batch that the forms are compared on: a whole block of 16 for images up to 64x64, fewer of larger ones, for
 * the comparison must not take longer or more memory than training. Two are the fewest that batch normalisation takes.
 */
function checkBatch({ input: [, height, width] }: Network): number {
  return Math.max(2, Math.min(16, Math.floor((16 * 64 * 64) / (height * width))));
}

/**
 * Chooses the forms of the convolutions, and compares the whole with the portable form on a small batch; whatever speaks
 * against the device's own form is the reason in the report.
 */
export async function chooseTarget(network: Network, options: ChoiceOptions): Promise<Choice> {
  const { device, blockSize } = await probe(options);
  const portable = (reason: string, fallbacks?: readonly Fallback[]): Choice => {
    const target = portableTarget;
    const lowering = { target: target.name, reason, ...(fallbacks && { fallbacks }) };
    return { device, target, lowering, layout: layoutFor(target, network, options) };
  };
  if (options.target === 'portable') return portable('it was asked for');
  const target = devices[device.chosen].target(blockSize);
  if (typeof target === 'string') return portable(target);
  const batch = checkBatch(network);
  const kept = options.tuning && keptChecks(options.tuning.store, device);
  const compared = async (choices?: LoweringOptions['choices']): Promise<CheckResult & Choice> => {
    const layout = layoutFor(target, network, options, choices);
    const result = await checkTarget(
      network,
      options,
      target,
      { batch, layout, ...(choices && { choices }) },
      kept,
    );
    const earlier = result.isKnown ? ', in an earlier run of the same models here' : '';
    const lowering = {
      target: target.name,
      ...(target.blockSize !== undefined && { blockSize: target.blockSize }),
      reason: `it gave the portable numbers on a batch of ${batch}${earlier}`,
      fallbacks: fallbacksIn(result.nodes ?? []),
    };
    return { ...result, device, target, lowering, layout, ...(choices && { choices }) };
  };
  let without = '';
  if (options.tuning !== undefined) {
    const { choices, report: tuned } = await tuneStep(target, network, options, options.tuning, options);
    const { wrong, ...choice } = await compared(choices);
    if (wrong === undefined) return { ...choice, lowering: { ...choice.lowering, tuned } };
    if (Object.keys(choices).length === 0) return portable(wrong, [wholeNetwork]);
    // Each form gave the heuristic's numbers when it was measured; together they do not.
    without = `; the tuned forms are left out, for with them ${wrong}`;
  }
  const { wrong, ...choice } = await compared();
  if (wrong !== undefined) return portable(wrong, [wholeNetwork]);
  return { ...choice, lowering: { ...choice.lowering, reason: `${choice.lowering.reason}${without}` } };
}

/** Where sessions run here, and the block of the device's operators, if it has any. */
async function probe(
  options: ChoiceOptions,
): Promise<{ readonly device: DeviceReport; readonly blockSize: number | undefined }> {
  let device: DeviceReport | undefined;
  const blockSize = await findBlockSize(
    runner(options, (session) => {
      ({ device } = session);
    }),
  );
  if (device !== undefined) return { device, blockSize };
  // The probe has an operator of its own; what every runtime loads tells the device, or why there is none.
  const session = await options.createSession(identityModel('float32', 1), options);
  await session.dispose();
  return { device: session.device, blockSize };
}
