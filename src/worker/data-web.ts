import type { Network } from '../artifacts/index.js';
import { embeddedDigitsInTurns, type DataSplit, type EmbeddedOptions } from '../data/index.js';
import { openFiles } from '../data/web.js';
import { OptionError } from '../errors.js';
import type { WorkerRun } from './protocol.js';

/** The digits drawn last, or being drawn: most runs of a page want the same. */
let digits: { readonly key: string; readonly split: Promise<DataSplit> } | undefined;

/** Draws digits, or takes those that were drawn last. `giveWay` is called every few milliseconds. */
export function digitsOf(options: EmbeddedOptions, giveWay: () => Promise<void>): Promise<DataSplit> {
  const { train, test, seed } = options;
  const key = JSON.stringify([train, test, seed]);
  if (digits?.key === key) return digits.split;
  const split = embeddedDigitsInTurns(options, giveWay);
  digits = { key, split };
  return split;
}

/** The data of a run. Throws DataError for files that are no data set, OptionError for data that are none of the kinds. */
export async function openData(
  { data = 'digits', digits: sizes = {}, images }: WorkerRun,
  network: Network,
  giveWay: () => Promise<void>,
): Promise<DataSplit> {
  if (data === 'digits') return digitsOf(sizes, giveWay);
  if (typeof data !== 'object') {
    throw new OptionError(
      `data: expected 'digits', files, or a data set in memory, got ${JSON.stringify(data)}`,
    );
  }
  if ('train' in data) return data;
  const [channels, height, width] = network.input;
  if (channels !== 1 && channels !== 3) return openFiles(data, images ?? {});
  return openFiles(data, { channels, height, width, ...images });
}
