import { checkWhole } from '../../checks.js';
import { assert } from '../../errors.js';
import type { MemoryDataset, MemorySplit } from '../dataset.js';
import { memoryDataset } from '../memory-dataset.js';
import { fiveToNine } from './five-to-nine.js';
import { hand } from './hand.js';
import { placeByMass, SIDE } from './normalise.js';
import { makeRandom, type Random } from './random.js';
import { renderLines } from './render.js';
import type { Style } from './skeletons.js';
import { drawStrokes } from './strokes.js';
import { zeroToFour } from './zero-to-four.js';

const STYLES: readonly (readonly Style[])[] = [...zeroToFour, ...fiveToNine];
const CLASSES: readonly string[] = STYLES.map((_, digit) => String(digit));

/** Sizes of the embedded set. */
export interface EmbeddedOptions {
  /** Training images, at least 1; 38400 unless given. */
  readonly train?: number;
  /** Test images, at least 1; 2000 unless given. */
  readonly test?: number;
  /** A whole number from 0; 1 unless given. */
  readonly seed?: number;
}

/**
 * Handwritten-like digits drawn on the spot, in MNIST's format: 28x28, light ink on black, fitted in 20x20 and centred
 * by mass. The same arguments give the same bytes on every platform; training and test images are independent.
 *
 * @returns Both halves with one channel, pixels 0..255, the classes 0 to 9 equally often (to within one image).
 * @throws OptionError if a size or the seed is out of its range.
 * @example
 * const { train, test } = embeddedDigits({ train: 6400, test: 1000 });
 */
export function embeddedDigits(options: EmbeddedOptions = {}): MemorySplit {
  const drawing = drawSplit(options);
  for (;;) {
    const { done, value } = drawing.next();
    if (done === true) return value;
  }
}

/** Images drawn before others get a turn: under 2 ms. */
const AT_ONCE = 32;

/**
 * The same bytes as `embeddedDigits`, drawn a few images at a time: all of them take 2 s, in which a worker could not
 * answer.
 *
 * @param giveWay - Lets others have their turn; called every few milliseconds.
 * @example
 * const digits = await embeddedDigitsInTurns({}, () => new Promise((resolve) => setTimeout(resolve, 0)));
 */
export async function embeddedDigitsInTurns(
  options: EmbeddedOptions,
  giveWay: () => Promise<void>,
): Promise<MemorySplit> {
  const drawing = drawSplit(options);
  for (;;) {
    const { done, value } = drawing.next();
    if (done === true) return value;
    await giveWay();
  }
}

function* drawSplit(options: EmbeddedOptions): Generator<undefined, MemorySplit> {
  const { train = 38_400, test = 2000, seed = 1 } = options;
  checkWhole('train', train, 1);
  checkWhole('test', test, 1);
  checkWhole('seed', seed, 0);
  return {
    train: yield* drawSet('digits/train', train, makeRandom(seed, 0)),
    test: yield* drawSet('digits/test', test, makeRandom(seed, 1)),
  };
}

function* drawSet(name: string, count: number, random: Random): Generator<undefined, MemoryDataset> {
  const labels = shuffledLabels(count, random);
  const images = new Uint8Array(count * SIDE * SIDE);
  for (const [i, digit] of labels.entries()) {
    drawDigit(digit, images.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE), random);
    if ((i + 1) % AT_ONCE === 0) yield;
  }
  return memoryDataset({ name, images, labels, channels: 1, height: SIDE, width: SIDE, classes: CLASSES });
}

/** Labels 0, 1, ... 9, 0, 1 ... in the order of a Fisher-Yates shuffle. */
function shuffledLabels(count: number, random: Random): Uint8Array {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES.length);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    const swapped = labels[i] ?? 0;
    labels[i] = labels[j] ?? 0;
    labels[j] = swapped;
  }
  return labels;
}

function drawDigit(digit: number, image: Uint8Array, random: Random): void {
  const lines = drawStrokes(pickStyle(STYLES[digit] ?? [], random), random);
  const [thin, thick] = hand.radius;
  // Squared, so that thick pens are rarer; by multiplication, since JS leaves the last bit of a power open.
  const u = random.uniform();
  const radius = thin + (thick - thin) * u * u;
  const box = renderLines(lines, radius, random.between(...hand.softness));
  const full = random.between(...hand.ink);
  placeByMass(box, (index, ink) => {
    const grain = ink > 0 && ink < 1 ? hand.grain * random.normal() : 0;
    image[index] = Math.round(255 * Math.min(Math.max(full * (ink + grain), 0), 1));
  });
}

function pickStyle(styles: readonly Style[], random: Random): Style {
  let left = random.uniform() * styles.reduce((sum, { weight }) => sum + weight, 0);
  const picked = styles.find(({ weight }) => (left -= weight) < 0) ?? styles[0];
  assert(picked, 'every digit has a style');
  return picked;
}
