import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Picture } from '../../../src/data/picture.js';

interface Coded {
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly data: string;
}

/** A function of torchvision's, its arguments, and what came of a picture. */
export interface Case {
  readonly op: string;
  readonly image: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly result: Coded;
  /** Of the path over tensors, where it is another than that over Pillow's images. */
  readonly tensor?: Coded;
}

/** The magnitudes of RandAugment or TrivialAugmentWide. */
interface Space {
  readonly kind: 'RandAugment' | 'TrivialAugmentWide';
  readonly bins: number;
  readonly height: number;
  readonly width: number;
  readonly table: Readonly<
    Record<string, { readonly signed: boolean; readonly magnitudes: readonly number[] | null }>
  >;
}

/** What test/golden/transforms/make.py wrote. */
export const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('../../golden/transforms/transforms.json.gz', import.meta.url))).toString(),
) as {
  readonly images: Readonly<Record<string, Coded>>;
  readonly cases: readonly Case[];
  readonly spaces: readonly Space[];
};

export function decoded({ shape: [height, width, channels], data }: Coded): Picture {
  return { data: new Uint8Array(Buffer.from(data, 'base64')), height, width, channels };
}

export function image(name: string): Picture {
  const coded = golden.images[name];
  if (!coded) throw new Error(`no picture ${name}`);
  return decoded(coded);
}

/** The most that samples of two pictures of one shape differ by. */
export function difference(a: Picture, b: Picture): number {
  if (a.height !== b.height || a.width !== b.width || a.channels !== b.channels) {
    throw new Error(`${a.height}x${a.width}x${a.channels} is not ${b.height}x${b.width}x${b.channels}`);
  }
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] ?? NaN))), 0);
}
