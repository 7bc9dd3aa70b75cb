/** The size of an image. */
export type ImageShape = readonly [channels: number, height: number, width: number];

/** A batch whose images can be mixed. */
export interface MixableBatch {
  /** [size, channels, height, width], normalised; changed in place. */
  readonly images: Float32Array;
  /** Class indices, [size]; they stay as they are. */
  readonly labels: Int32Array;
  /** Images in the batch. */
  readonly size: number;
}

/** How each image of a batch is mixed with the one before it, the first with the last. */
export interface Mix {
  /** The share of an image that is its own. */
  readonly lambda: number;
  /** The part that is the other image's, up to but without row `y2` and column `x2`; absent: all of it is mixed. */
  readonly box?: {
    readonly x1: number;
    readonly y1: number;
    readonly x2: number;
    readonly y2: number;
  };
}

/**
 * CutMix's box around a pixel, sqrt(1 - lambda) of height and width, each half rounded down, cut at the border; and lambda
 * corrected to the share that is left. torchvision's formula.
 */
export function boxAround(lambda: number, [x, y]: readonly [x: number, y: number], shape: ImageShape): Mix {
  const [, height, width] = shape;
  const r = 0.5 * Math.sqrt(1 - lambda);
  const [w, h] = [Math.trunc(r * width), Math.trunc(r * height)];
  const [x1, y1] = [Math.max(x - w, 0), Math.max(y - h, 0)];
  const [x2, y2] = [Math.min(x + w, width), Math.min(y + h, height)];
  return { lambda: 1 - ((x2 - x1) * (y2 - y1)) / (width * height), box: { x1, y1, x2, y2 } };
}

/** Mixes images in place. */
export function mixImages({ images, size }: MixableBatch, { lambda, box }: Mix, shape: ImageShape): void {
  const area = images.length / size;
  // Backwards, so that the image before is still whole; the last one is needed once more, for the first.
  const last = images.slice((size - 1) * area);
  for (let i = size - 1; i >= 0; i--) {
    const image = images.subarray(i * area, (i + 1) * area);
    const before = i === 0 ? last : images.subarray((i - 1) * area, i * area);
    if (box === undefined) blend(image, before, lambda);
    else paste(image, before, shape, box);
  }
}

/** As PyTorch in float32: each product is rounded, then their sum. */
function blend(image: Float32Array, before: Float32Array, lambda: number): void {
  const [own, other] = [Math.fround(lambda), Math.fround(1 - lambda)];
  for (let i = 0; i < image.length; i++) {
    image[i] = Math.fround((before[i] ?? 0) * other) + Math.fround((image[i] ?? 0) * own);
  }
}

function paste(
  image: Float32Array,
  before: Float32Array,
  [channels, height, width]: ImageShape,
  { x1, y1, x2, y2 }: Required<Mix>['box'],
): void {
  for (let channel = 0; channel < channels; channel++) {
    for (let y = y1; y < y2; y++) {
      const row = (channel * height + y) * width;
      image.set(before.subarray(row + x1, row + x2), row + x1);
    }
  }
}

/** Probabilities [size, classes]: lambda for the label, 1 - lambda for that of the image before; their sum where both are one. */
export function mixLabels(targets: Float32Array, labels: Int32Array, classes: number, lambda: number): void {
  const [own, other] = [Math.fround(lambda), Math.fround(1 - lambda)];
  targets.fill(0);
  labels.forEach((label, i) => {
    const row = i * classes;
    targets[row + (labels.at(i - 1) ?? label)] = other;
    targets[row + label] = (targets[row + label] ?? 0) + own;
  });
}
