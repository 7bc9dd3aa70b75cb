import { checkOption, checkWholes } from '../checks.js';
import { DataError } from '../errors.js';
import type { FlattenOptions } from './flatten.js';

export type { DecodedPicture } from './flatten.js';

/** What a picture of any size is to become. */
export interface DecodePictureOptions extends FlattenOptions {
  /** What errors call it; default: its path, its name, or its count of bytes. */
  readonly where?: string;
}

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
  /** Colour behind transparent pixels, '#rrggbb'; left out: white behind dark strokes, else black. */
  readonly background?: string;
}

/** Throws OptionError unless channels is 1 or 3. */
export function checkChannels(channels: number): asserts channels is 1 | 3 {
  checkOption('channels', channels, channels === 1 || channels === 3, '1 or 3');
}

/** Throws OptionError unless height and width are whole numbers of at least 1. */
export function checkSides({ height, width }: DecodeOptions): void {
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
