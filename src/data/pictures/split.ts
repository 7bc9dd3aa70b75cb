import { checkOption, checkWhole } from '../../checks.js';
import { randomStream, shuffleInPlace } from '../random.js';
import { groupBy } from './group-by.js';
import type { LabelledPicture } from './labelled.js';
import type { ListOptions } from './listing.js';
import { byName } from './names.js';

/** The share and the seed with their defaults. Throws OptionError for one out of its range. */
export function checkedSplit({ valSplit = 0.2, splitSeed = 0 }: ListOptions): {
  readonly share: number;
  readonly seed: number;
} {
  checkOption('valSplit', valSplit, valSplit > 0 && valSplit < 1, 'a number between 0 and 1');
  checkWhole('splitSeed', splitSeed, 0, Number.MAX_SAFE_INTEGER);
  return { share: valSplit, seed: splitSeed };
}

/**
 * Draws a share of each class for testing: at least one picture, and at least one is left to train with, so that a class
 * of one picture is trained with only. It depends on the names and the seed alone.
 *
 * @param pictures - In the order of their keys.
 */
export function drawTest(
  pictures: readonly LabelledPicture[],
  { share, seed }: { readonly share: number; readonly seed: number },
): { readonly train: readonly LabelledPicture[]; readonly test: readonly LabelledPicture[] } {
  const byLabel = groupBy(pictures, ({ label }) => label);
  const drawn = new Set<LabelledPicture>();
  for (const [epoch, label] of Array.from(byLabel.keys()).sort(byName).entries()) {
    const all = [...(byLabel.get(label) ?? [])];
    if (all.length < 2) continue;
    shuffleInPlace(all, randomStream({ seed, epoch }));
    const count = Math.min(all.length - 1, Math.max(1, Math.round(all.length * share)));
    for (const picture of all.slice(0, count)) drawn.add(picture);
  }
  return {
    train: pictures.filter((picture) => !drawn.has(picture)),
    test: pictures.filter((picture) => drawn.has(picture)),
  };
}
