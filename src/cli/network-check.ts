import {
  createNodeSession,
  fallbackLine,
  networkOf,
  Trainer,
  type LoweringReport,
  type RunSpec,
} from '../index.js';
import { field, wrap } from './text.js';
import { formOf } from './train/report-text.js';

/** Which form a network's step has here. */
export interface CheckedNetwork {
  readonly network: string;
  readonly lowering: LoweringReport;
}

/** Compares a network's own form on this CPU with the portable one, as the start of a run does. */
export async function checkNetwork(spec: RunSpec): Promise<CheckedNetwork> {
  const network = networkOf(spec);
  const trainer = await Trainer.create(network, { createSession: createNodeSession });
  try {
    return { network: network.name, lowering: trainer.lowering };
  } finally {
    await trainer.dispose();
  }
}

/** For people: the form, and a line for each fallback. */
export function networkLines({ network, lowering }: CheckedNetwork, width: number): string[] {
  const { target, fallbacks = [] } = lowering;
  const none = target === 'portable' ? [] : ['none: all layers run in a form of this CPU'];
  const lines = fallbacks.length > 0 ? fallbacks.map(fallbackLine) : none;
  return [
    ...field('network', network),
    ...field('form', ...wrap(formOf(lowering), width - 11)),
    ...field('falls back', ...lines.flatMap((line) => wrap(line, width - 11))),
  ];
}
