import type { Fallback } from './fallbacks.js';
import type { Target } from './target.js';
import type { StepTuning } from './tuning.js';
import type { NodeReport } from './types.js';

/** Which form of a network's models a run uses. */
export interface LoweringReport {
  /** `portable`: as the artifacts have them; the others are a kind of device's own: `cpu` with blocked tensors. */
  readonly target: Target['name'];
  /** Channels in a block, for `cpu`. */
  readonly blockSize?: number;
  /** Why this form. */
  readonly reason: string;
  /** By operator, where the form is a device's own: how many nodes of the step have which form; known once a step is loaded. */
  readonly forms?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /**
   * What runs in its portable form though the device has forms of its own; none: nothing does. Absent where the portable form
   * was asked for or the device has no other.
   */
  readonly fallbacks?: readonly Fallback[];
  /** How the forms of convolutions were chosen; absent where the written heuristic chose all of them. */
  readonly tuned?: StepTuning['report'];
}

/** How many nodes of each operator have which form. */
export function countForms(nodes: readonly NodeReport[]): NonNullable<LoweringReport['forms']> {
  const counts: Record<string, Record<string, number>> = {};
  for (const { op, form } of nodes) {
    const byForm = (counts[op] ??= {});
    byForm[form] = (byForm[form] ?? 0) + 1;
  }
  return counts;
}
