import { OptionError } from '../errors.js';
import { placeByMass, SIDE } from './digits/normalise.js';
import { BOX } from './digits/render.js';

/** What a canvas gives: an `ImageData` is one. */
export interface Drawing {
  /** Red, green, blue and alpha of each pixel, 0..255, row by row. */
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/** A digit as MNIST has it: light ink on black, [1, 28, 28]. */
export interface DigitImage {
  /** 0 (background) to 255 (ink), [1, 28, 28]. */
  readonly pixels: Uint8Array;
  readonly channels: 1;
  readonly height: 28;
  readonly width: 28;
}

/** Ink below this share of the strongest is no ink: the shadow of an eraser, noise of a JPEG. */
const FAINT = 0.1;

/**
 * A drawn digit as MNIST would have it: the ink scaled so that its longer side is 20 pixels, placed in 28x28 so that its
 * centre of mass lies in the middle. Ink is what differs from the corners: dark on light, light on dark, or anything on
 * transparent.
 *
 * @returns Undefined where nothing is drawn.
 * @throws OptionError for data that do not fit width and height.
 * @see http://yann.lecun.com/exdb/mnist/
 * @example
 * const image = pixelsFromDrawing(context.getImageData(0, 0, canvas.width, canvas.height));
 * if (image) await worker.predict(image);
 */
export function pixelsFromDrawing(drawing: Drawing): DigitImage | undefined {
  const { data, width, height } = drawing;
  if (!(width >= 1) || !(height >= 1) || data.length !== 4 * width * height) {
    throw new OptionError(
      `drawing: expected ${width}x${height} pixels of four bytes each, got ${data.length} bytes`,
    );
  }
  const ink = inkOf(drawing);
  const frame = frameOf(ink, width, height);
  if (frame === undefined) return undefined;
  const pixels = new Uint8Array(SIDE * SIDE);
  placeByMass(shrink(ink, width, frame), (index, value) => {
    pixels[index] = Math.round(255 * Math.min(value, 1));
  });
  return { pixels, channels: 1, height: SIDE, width: SIDE };
}

/**
 * Ink of each pixel, 0..1: how far it is from the background, which is the corners' mean. Plain loops, as a page calls this
 * at every stroke, between two frames.
 */
function inkOf({ data, width, height }: Drawing): Float64Array {
  const area = width * height;
  const alpha = new Float64Array(area);
  const light = new Float64Array(area);
  for (let pixel = 0, i = 0; pixel < area; pixel++, i += 4) {
    const [red, green, blue] = [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0];
    const a = (data[i + 3] ?? 0) / 255;
    alpha[pixel] = a;
    // What the eye sees of red, green and blue (https://www.itu.int/rec/R-REC-BT.601); transparent is black.
    light[pixel] = (a * (0.299 * red + 0.587 * green + 0.114 * blue)) / 255;
  }
  const background = (of: Float64Array): number =>
    [0, width - 1, area - width, area - 1].reduce((sum, corner) => sum + (of[corner] ?? 0) / 4, 0);
  if (background(alpha) < 0.5) return alpha;
  const paper = background(light);
  const most = Math.max(paper, 1 - paper);
  for (let pixel = 0; pixel < area; pixel++) light[pixel] = Math.abs((light[pixel] ?? 0) - paper) / most;
  return light;
}

/** The rectangle of the ink, right and bottom not included. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function frameOf(ink: Float64Array, width: number, height: number): Frame | undefined {
  let strongest = 0;
  for (const value of ink) strongest = Math.max(strongest, value);
  if (strongest < FAINT) return undefined;
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      if ((ink[pixel] ?? 0) < FAINT * strongest) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  return { left, top, right, bottom };
}

/** The frame's ink in the box of MNIST, [20 * 20]: each pixel the mean of what lies under it. */
function shrink(ink: Float64Array, width: number, { left, top, right, bottom }: Frame): Float64Array {
  const scale = Math.max(right - left, bottom - top) / BOX;
  // The shorter side is centred in the box.
  const x0 = (left + right) / 2 - (scale * BOX) / 2;
  const y0 = (top + bottom) / 2 - (scale * BOX) / 2;
  return Float64Array.from({ length: BOX * BOX }, (_, i) => {
    const columns = covered(x0 + scale * (i % BOX), scale, left, right);
    const rows = covered(y0 + scale * Math.floor(i / BOX), scale, top, bottom);
    let sum = 0;
    for (const [y, tall] of rows) {
      for (const [x, wide] of columns) sum += (ink[y * width + x] ?? 0) * tall * wide;
    }
    return sum / (scale * scale);
  });
}

/** Pixels within [from, from + length) and the share of each that lies there, inside of [low, high). */
function covered(
  from: number,
  length: number,
  low: number,
  high: number,
): readonly (readonly [pixel: number, share: number])[] {
  const [start, end] = [Math.max(from, low), Math.min(from + length, high)];
  const pixels: (readonly [number, number])[] = [];
  for (let pixel = Math.floor(start); pixel < end; pixel++) {
    pixels.push([pixel, Math.min(pixel + 1, end) - Math.max(pixel, start)]);
  }
  return pixels;
}
