import { availableParallelism } from 'node:os';
import { Prefetcher } from '../data/prefetch-node.js';
import { WorkerError } from '../errors.js';
import { devices, type DeviceReport } from '../program/index.js';
import type { RunSpec } from './spec/run.js';
import type { BatchFeed, Platform, PrefetchReport } from './run-types.js';

/** Whether batches are prepared on a thread of their own; `auto`: if a core is free for it. */
export type PrefetchOption = NonNullable<RunSpec['prefetch']>;

/**
 * Whether to prepare batches on a thread of their own. ONNX Runtime's threads wait for one another many times in a step: one
 * that shares its core with another thread holds all of them up, so that the thread must have a core that none of them
 * uses. On a GPU they have next to nothing to do.
 *
 * @param cores - Cores that this process may use.
 * @example
 * choosePrefetch('auto', 4, { chosen: 'cpu', threads: 2 }); // { on: true, reason: '2 threads on 4 cores leave 2 free' }
 */
export function choosePrefetch(
  option: PrefetchOption,
  cores: number,
  { chosen, threads }: Pick<DeviceReport, 'chosen' | 'threads'>,
): PrefetchReport {
  if (option !== 'auto') return { on: option, reason: option ? 'asked for' : 'switched off' };
  const { usesCores } = devices[chosen];
  const busy = usesCores ? threads : 1;
  const who = `${count(busy, 'thread')}${usesCores ? '' : ` beside ${chosen}`} on ${count(cores, 'core')}`;
  const free = Math.max(0, cores - busy);
  return {
    on: free > 0,
    reason: `${who} ${busy === 1 ? 'leaves' : 'leave'} ${free === 0 ? 'none' : free} free`,
  };
}

/** Where a run in Node takes its batches from. */
export function batchFeed(option: PrefetchOption = 'auto'): NonNullable<Platform['openFeed']> {
  return async (train, device) => {
    const report = choosePrefetch(option, availableParallelism(), device);
    if (!report.on) return without(report.reason);
    try {
      const prefetcher = await Prefetcher.start(train);
      return { report, batches: prefetcher.batches, dispose: () => prefetcher.dispose() };
    } catch (error) {
      if (option !== 'auto' || !(error instanceof WorkerError)) throw error;
      return without(error.message);
    }
  };
}

function without(reason: string): BatchFeed {
  return { report: { on: false, reason }, dispose: () => Promise.resolve() };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
