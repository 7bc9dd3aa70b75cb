import type { Picture } from '../picture.js';

/** What becomes of each of the 256 values of a sample; one table, or one for each channel. */
export type Lookup = (value: number) => number;

/** The table of a function, rounded down and clipped. */
function table(of: Lookup): Uint8Array {
  const values = new Uint8Array(256);
  for (let value = 0; value < 256; value++) values[value] = Math.max(0, Math.min(255, Math.trunc(of(value))));
  return values;
}

/** A picture of which each sample depends on the old one alone. */
export function lookUp({ data, ...shape }: Picture, of: Lookup): Picture {
  const values = table(of);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = values[data[i] as number] as number;
  return { data: out, ...shape };
}

/** The same with a table for each channel. */
export function lookUpChannels({ data, channels, ...shape }: Picture, of: readonly Lookup[]): Picture {
  const out = new Uint8Array(data.length);
  for (const [c, each] of of.entries()) {
    const values = table(each);
    for (let i = c; i < data.length; i += channels) out[i] = values[data[i] as number] as number;
  }
  return { data: out, channels, ...shape };
}

/** How often each value is in a channel. */
export function histogram({ data, channels }: Picture, channel: number): Int32Array {
  const counts = new Int32Array(256);
  for (let i = channel; i < data.length; i += channels) {
    const value = data[i] as number;
    counts[value] = (counts[value] as number) + 1;
  }
  return counts;
}
