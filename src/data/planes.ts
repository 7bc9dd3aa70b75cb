import type { Picture } from './picture.js';

/** Writes a picture as planes, [channels, height, width]. */
export function writePlanes({ data, channels }: Picture, planes: Uint8Array): void {
  const area = data.length / channels;
  for (let c = 0; c < channels; c++) {
    for (let i = 0, from = c; i < area; i++, from += channels) planes[c * area + i] = data[from] ?? 0;
  }
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
