import { checkOption, checkWholes } from '../checks.js';
import { DataError } from '../errors.js';

/** What an image is to become. */
export interface DecodeOptions {
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: number;
  /** In pixels. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
  /** Whether to scale an image of another size, without keeping its proportions; false unless given. */
  readonly resize?: boolean;
  /** Whether to turn dark into light, e.g. for MNIST, where ink is white; false unless given. */
  readonly invert?: boolean;
}

/** Throws OptionError unless channels is 1 or 3, and height and width whole numbers of at least 1. */
export function checkDecode({ channels, height, width }: DecodeOptions): void {
  checkOption('channels', channels, channels === 1 || channels === 3, '1 or 3');
  checkWholes('', { height, width }, 1);
}

/** Throws DataError for an image of another size that is not to be resized. */
export function checkImageSize(
  where: string,
  size: { readonly height: number; readonly width: number },
  { height, width, resize = false }: DecodeOptions,
): void {
  if (resize || (size.height === height && size.width === width)) return;
  throw new DataError(
    `${where}: expected an image of ${height}x${width} (height x width), got ${size.height}x${size.width}; ` +
      'resize it first, or ask for it with `resize`',
  );
}

/** [h, w, stride] -> [channels, h, w]; `flip` 255 inverts (255 - pixel = pixel ^ 255). */
export function toPlanes(
  interleaved: ArrayLike<number>,
  stride: number,
  channels: number,
  flip: number,
): Uint8Array {
  const area = interleaved.length / stride;
  const planes = new Uint8Array(area * channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) planes[c * area + i] = (interleaved[i * stride + c] ?? 0) ^ flip;
  }
  return planes;
}

/** Linear light of each value of an sRGB channel. Source: https://www.w3.org/TR/css-color-4/#color-conversion-code */
const linear = Float64Array.from({ length: 256 }, (_, value) => {
  const v = value / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});

/**
 * Grey of red, green, blue and alpha, [h, w, 4] -> [1, h, w]: the luminance, computed in linear light as sharp does it;
 * `flip` as in `toPlanes`.
 */
export function toGrey(rgba: ArrayLike<number>, flip: number): Uint8Array {
  return Uint8Array.from({ length: rgba.length / 4 }, (_, i) => {
    const [r = 0, g = 0, b = 0] = [rgba[4 * i], rgba[4 * i + 1], rgba[4 * i + 2]];
    if (r === g && g === b) return r ^ flip;
    const y = 0.2126 * (linear[r] ?? 0) + 0.7152 * (linear[g] ?? 0) + 0.0722 * (linear[b] ?? 0);
    return Math.round(255 * (y <= 0.0031308 ? 12.92 * y : 1.055 * y ** (1 / 2.4) - 0.055)) ^ flip;
  });
}
