import { DataError } from '../../errors.js';

/** A colour as specs write it: one number, or one for each channel. */
export type Colour = number | readonly number[];

/**
 * One number for each channel.
 *
 * @throws DataError if the colour has another count of numbers than the picture has channels.
 */
export function channelValues(colour: Colour, channels: number, where: string): readonly number[] {
  if (typeof colour === 'number') return new Array<number>(channels).fill(colour);
  if (colour.length === channels) return colour;
  if (colour.length === 1) return new Array<number>(channels).fill(colour[0] as number);
  throw new DataError(
    `${where}: expected one number, or one for each channel of the picture (${channels}), got ${colour.length}`,
  );
}

/** An array of pixels of one colour. */
export function filled(pixels: number, colour: readonly number[]): Uint8Array {
  const data = new Uint8Array(pixels * colour.length);
  if (colour.every((value) => value === colour[0])) return data.fill(colour[0] ?? 0);
  for (let i = 0; i < data.length; i += colour.length) data.set(colour, i);
  return data;
}
