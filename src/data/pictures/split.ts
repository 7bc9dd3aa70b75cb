import { checkOption, checkWhole } from '../../checks.js';
import { mix } from '../../mix.js';
import { groupBy } from './group-by.js';
import type { LabelledPicture } from './labelled.js';
import type { ListOptions } from './listing.js';
import { byCode } from './names.js';

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
 * of one picture is trained with only. It depends on the names and the seed alone: each picture has a place of its own, so that
 * one that is added or removed moves one other at most.
 */
export function drawTest(
  pictures: readonly LabelledPicture[],
  { share, seed }: { readonly share: number; readonly seed: number },
): { readonly train: readonly LabelledPicture[]; readonly test: readonly LabelledPicture[] } {
  const byLabel = groupBy(pictures, ({ label }) => label);
  const drawn = new Set<LabelledPicture>();
  for (const all of byLabel.values()) {
    if (all.length < 2) continue;
    const placed = all
      .map((picture) => ({ picture, place: placeOf(picture.key.normalize(), seed) }))
      .sort((a, b) => a.place - b.place || byCode(a.picture.key, b.picture.key));
    const count = Math.min(all.length - 1, Math.max(1, Math.round(all.length * share)));
    for (const { picture } of placed.slice(0, count)) drawn.add(picture);
  }
  return {
    train: pictures.filter((picture) => !drawn.has(picture)),
    test: pictures.filter((picture) => drawn.has(picture)),
  };
}

/** A number from 0 to 2^32 - 1 that follows from a name and the seed; near names have nothing to do with each other. */
function placeOf(key: string, seed: number): number {
  let hash = mix(mix(seed) + Math.floor(seed / 2 ** 32));
  for (let i = 0; i < key.length; i++) hash = mix(hash + key.charCodeAt(i));
  return hash >>> 0;
}
