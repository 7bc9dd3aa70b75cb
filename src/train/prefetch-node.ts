import { availableParallelism } from 'node:os';
import { isInMemory, isPictureDataset, type Augment, type Dataset } from '../data/index.js';
import { Prefetcher } from '../data/prefetch-node.js';
import { OptionError, WorkerError } from '../errors.js';
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
  device: Pick<DeviceReport, 'chosen' | 'threads'>,
): PrefetchReport {
  if (option !== 'auto') return { on: option, reason: option ? 'asked for' : 'switched off' };
  const { chosen } = device;
  const busy = busyCores(device);
  const who = `${count(busy, 'thread')}${devices[chosen].usesCores ? '' : ` beside ${chosen}`} on ${count(cores, 'core')}`;
  const free = Math.max(0, cores - busy);
  return {
    on: free > 0,
    reason: `${who} ${busy === 1 ? 'leaves' : 'leave'} ${free === 0 ? 'none' : free} free`,
  };
}

/** More threads would wait for the disk and for one another. */
const MOST_THREADS = 8;

/** Where a run in Node takes its batches from. Pictures have a thread in any case: decoding takes longer than a busy core costs the step. */
export function batchFeed(option: PrefetchOption = 'auto'): NonNullable<Platform['openFeed']> {
  return async ({ train, test, final }, device, augment) => {
    const sets = final === undefined ? [train, test] : [train, test, final];
    const own = ownFunctions(sets, augment);
    if (own !== undefined) {
      if (option !== true) return without(own);
      throw new OptionError(`prefetch: expected data and transforms that a thread can be sent, but ${own}`);
    }
    const cores = availableParallelism();
    const arePictures = sets.some(isPictureDataset);
    const threads = arePictures ? Math.max(1, Math.min(MOST_THREADS, cores - busyCores(device))) : 1;
    const report =
      arePictures && option !== false
        ? { on: true, reason: `pictures are decoded on ${count(threads, 'thread')} beside the steps` }
        : choosePrefetch(option, cores, device);
    if (!report.on) return without(report.reason);
    try {
      const prefetcher = await Prefetcher.start(sets, { threads });
      return { report, batches: prefetcher.batches, dispose: () => prefetcher.dispose() };
    } catch (error) {
      if (option !== 'auto' || !(error instanceof WorkerError)) throw error;
      return without(error.message);
    }
  };
}

/** Cores that the steps use all the time. */
function busyCores({ chosen, threads }: Pick<DeviceReport, 'chosen' | 'threads'>): number {
  return devices[chosen].usesCores ? threads : 1;
}

/** What no other thread can be sent; undefined if all can. */
function ownFunctions(sets: readonly Dataset[], augment: Augment | undefined): string | undefined {
  const set = sets.find((each) => !isPictureDataset(each) && !isInMemory(each));
  if (set !== undefined) return `${set.name} is read by functions of yours`;
  const isOwn = Array.isArray(augment) && augment.some((each) => typeof each === 'function');
  return isOwn ? 'a transform is a function of yours' : undefined;
}

function without(reason: string): BatchFeed {
  return { report: { on: false, reason }, dispose: () => Promise.resolve() };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
