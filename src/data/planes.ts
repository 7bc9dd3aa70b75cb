/** [h, w, stride] -> the first channels as [channels, h, w], written to `planes`. */
export function toPlanes(
  interleaved: ArrayLike<number>,
  stride: number,
  channels: number,
  planes: Uint8Array = new Uint8Array((interleaved.length / stride) * channels),
): Uint8Array {
  const area = interleaved.length / stride;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) planes[c * area + i] = interleaved[i * stride + c] ?? 0;
  }
  return planes;
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
