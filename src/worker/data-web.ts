import { embeddedDigitsInTurns, type DataSplit, type EmbeddedOptions } from '../data/index.js';
import { openingOptionsOf } from '../train/index.js';
import { openWebData } from '../train/web.js';
import type { WorkerRun } from './protocol.js';

/** The digits drawn last, or being drawn: most runs of a page use the same. */
let drawn: { readonly key: string; readonly split: Promise<DataSplit> } | undefined;

/** Draws digits, or takes those that were drawn last. `giveWay` is called every few milliseconds. */
export function digitsOf(options: EmbeddedOptions, giveWay: () => Promise<void>): Promise<DataSplit> {
  const { train, test, seed } = options;
  const key = JSON.stringify([train, test, seed]);
  if (drawn?.key === key) return drawn.split;
  const split = embeddedDigitsInTurns(options, giveWay);
  drawn = { key, split };
  return split;
}

/** The data of a run. Throws as `openWebData`. */
export function openData(run: WorkerRun, giveWay: () => Promise<void>): Promise<DataSplit> {
  const { data, dataOptions } = run;
  return openWebData(data, dataOptions, openingOptionsOf(run), (options) => digitsOf(options, giveWay));
}
