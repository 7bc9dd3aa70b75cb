import type { Picture } from './picture.js';

/** A picture as planes, [channels, height, width]; written to `planes` if given. */
export function toPlanes(
  { data, channels }: Picture,
  planes: Uint8Array = new Uint8Array(data.length),
): Uint8Array {
  const area = data.length / channels;
  for (let c = 0; c < channels; c++) {
    for (let i = 0, from = c; i < area; i++, from += channels) planes[c * area + i] = data[from] ?? 0;
  }
  return planes;
}

/** A picture whose dark is light. */
export function inverted<P extends Picture>(picture: P): P {
  return { ...picture, data: picture.data.map((value) => 255 - value) };
}

/** The pixels of a `Dataset` of a picture, of its dark light where `invert` says so. */
export function planesOf(picture: Picture, invert = false): Uint8Array {
  return toPlanes(invert ? inverted(picture) : picture);
}

/** [channels, h, w] -> [h, w, channels]. */
export function interleaved(planes: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return planes;
  const area = planes.length / channels;
  const pixels = new Uint8Array(planes.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) pixels[i * channels + c] = planes[c * area + i] ?? 0;
  }
  return pixels;
}
