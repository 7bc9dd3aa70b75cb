import { DataError } from '../../errors.js';
import type { LabelledPicture, PartName } from './labelled.js';
import type { ListOptions, PictureItem, PictureListing, SkippedFile } from './listing.js';
import { byName, isIndex, sortedByCode } from './names.js';
import { checkedSplit, drawTest } from './split.js';
import { classWarnings } from './warnings.js';

/** A source whose pictures have their labels. */
export interface LabelledSource {
  readonly name: string;
  /** What errors call it. */
  readonly where: string;
  readonly pictures: readonly LabelledPicture[];
  readonly skipped: readonly SkippedFile[];
  readonly warnings: readonly string[];
}

/**
 * Puts labelled pictures into parts and order.
 *
 * @throws DataError if there is no picture to train or to test with, or one of a class that is not among those given;
 *   OptionError for a share or seed out of its range.
 */
export function arrange(source: LabelledSource, options: ListOptions): PictureListing {
  const { name, where, skipped } = source;
  const split = checkedSplit(options);
  const sorted = sortedByCode(source.pictures, ({ key }) => key);
  const { pictures, classes } = withClasses(where, sorted, options.classes);
  const indices = new Map(classes.map((label, index) => [label, index]));
  const items = (part: readonly LabelledPicture[]): readonly PictureItem[] =>
    part.map((picture) => ({
      where: picture.where,
      label: indices.get(picture.label) ?? -1,
      at: picture.at,
    }));
  if (options.asOne === true) {
    const all = items(pictures);
    return { name, classes, parts: { train: all, test: all }, skipped, warnings: source.warnings };
  }
  const of = (part: PartName): readonly LabelledPicture[] =>
    pictures.filter((picture) => (picture.part ?? 'train') === part);
  const [training, val, test] = [of('train'), of('val'), of('test')];
  if (training.length === 0) throw new DataError(`${where}: expected pictures to train with, got none`);
  const drawn = val.length === 0 && test.length === 0 ? drawTest(training, split) : undefined;
  if (drawn?.test.length === 0) {
    throw new DataError(
      `${where}: expected a class of at least 2 pictures, one to train and one to evaluate with, ` +
        `got ${training.length} of ${classes.length === 1 ? '1 class' : `${classes.length} classes`}` +
        '; a trained model is evaluated with all of them by --split all',
    );
  }
  const train = drawn?.train ?? training;
  const evaluated = drawn?.test ?? (val.length > 0 ? val : test);
  const parts = {
    train: items(train),
    test: items(evaluated),
    ...(val.length > 0 && test.length > 0 && { final: items(test) }),
  };
  return {
    ...{ name, classes, parts, skipped },
    warnings: [...source.warnings, ...classWarnings(where, classes, parts)],
    ...(drawn && { valSplit: split }),
  };
}

/** The classes, and the pictures with labels that are among them. */
function withClasses(
  where: string,
  pictures: readonly LabelledPicture[],
  given: readonly string[] | undefined,
): { readonly pictures: readonly LabelledPicture[]; readonly classes: readonly string[] } {
  const found = [...new Set(pictures.map(({ label }) => label))].sort(byName);
  if (given === undefined) return { pictures, classes: found };
  const known = new Set(given);
  if (known.size < given.length) {
    const twice = given.find((label, i) => given.indexOf(label) < i) ?? '';
    throw new DataError(`${where}: expected a name for each class, but '${twice}' is given twice`);
  }
  if (found.every((label) => known.has(label))) return { pictures, classes: given };
  // Folders 0, 1, 2 and names that are no numbers: those of the classes' indices. A model of the digits 5 to 9 has not seen 0.
  const nameOf = (label: string): string | undefined => (isIndex(label) ? given[Number(label)] : undefined);
  const indices =
    !given.some(isIndex) && found.every((label) => !known.has(label) && nameOf(label) !== undefined);
  if (indices) {
    return {
      pictures: pictures.map((each) => ({ ...each, label: nameOf(each.label) ?? each.label })),
      classes: given,
    };
  }
  const other = pictures.find(({ label }) => !known.has(label));
  throw new DataError(
    `${other?.where ?? where}: expected one of the ${given.length} classes ${quoted(given)}, got '${other?.label ?? ''}'`,
  );
}

function quoted(names: readonly string[]): string {
  const more = names.length > 10 ? ', ...' : '';
  return `${names
    .slice(0, 10)
    .map((name) => `'${name}'`)
    .join(', ')}${more}`;
}
