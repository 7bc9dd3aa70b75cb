import { checkOption, defined } from '../checks.js';
import { DataError } from '../errors.js';
import { checkSplit } from './checks.js';
import type { Dataset, DataSplit } from './dataset.js';
import type { ImageSetOptions } from './files.js';
import type { DecodeOptions } from './image.js';
import { memoryDataset } from './memory-dataset.js';
import { randomStream, shuffleInPlace } from './random.js';

/** A user's image and how to get its pixels. */
export interface ImageFile {
  /** Folders and name, separated by `/`, from the folder that holds all. */
  readonly path: string;
  /** What errors call it. */
  readonly where: string;
  size(): Promise<{ readonly height: number; readonly width: number }>;
  /** Pixels 0..255, [channels, height, width]. */
  decode(options: DecodeOptions): Promise<Uint8Array>;
}

/** A file's class, and the half that its folder puts it in. */
interface Labelled {
  readonly file: ImageFile;
  readonly label: string;
  readonly half: 'train' | 'test' | undefined;
}

/** A label is one byte. */
const MOST_CLASSES = 256;

/** File names that are read as images. */
export const imageName = /\.(png|jpe?g|webp|gif|bmp|avif)$/i;

/**
 * A data set of image files. A file's class is the name of the folder that it lies in (`seven/a.png`, and with halves
 * `train/seven/a.png`, `test/seven/b.png`); where all lie in one folder, the beginning of its own name (`seven_1.png`,
 * `7-a.jpg`, `cat12.png`). Without a folder `test`, a share of each class becomes the test set, drawn from the seed.
 *
 * @returns Classes in the order of their names, numbers by size.
 * @throws DataError if there are fewer than two classes or more than 256, a class has too few images, or as `decode`.
 */
export async function readImageSet(
  name: string,
  files: readonly ImageFile[],
  options: ImageSetOptions,
): Promise<DataSplit> {
  const labelled = labelAll(name, files);
  const classes = [...new Set(labelled.map(({ label }) => label))].sort(byName);
  if (classes.length < 2 || classes.length > MOST_CLASSES) {
    throw new DataError(
      `${name}: expected images of 2 to ${MOST_CLASSES} classes, in folders or under names that begin with the class, ` +
        `got ${classes.length === 1 ? `only '${classes[0] ?? ''}'` : classes.length}`,
    );
  }
  const halves = labelled.some(({ half }) => half === 'test')
    ? {
        train: labelled.filter(({ half }) => half !== 'test'),
        test: labelled.filter(({ half }) => half === 'test'),
      }
    : divide(name, labelled, classes, options);
  const first = labelled[0]?.file;
  const decode: DecodeOptions = {
    channels: options.channels ?? 3,
    ...(await sizeFor(options, first)),
    ...defined({ resize: options.resize, invert: options.invert }),
  };
  const split = {
    train: await decodeAll(`${name}/train`, halves.train, classes, decode),
    test: await decodeAll(`${name}/test`, halves.test, classes, decode),
  };
  checkSplit(split);
  return split;
}

function labelAll(name: string, files: readonly ImageFile[]): readonly Labelled[] {
  const byFolder = files.map((file) => {
    const [first = '', ...rest] = file.path.split('/');
    const half: Labelled['half'] =
      rest.length > 0 && (first === 'train' || first === 'test') ? first : undefined;
    const [label, ...below] = half === undefined ? [first, ...rest] : rest;
    return { file, half, label: below.length > 0 ? label : undefined };
  });
  const labels = new Set(byFolder.map(({ label }) => label));
  if (labels.size === 1) return byFolder.map((each) => ({ ...each, label: labelInName(each.file) }));
  return byFolder.map(({ file, half, label }) => {
    if (label !== undefined) return { file, half, label };
    throw new DataError(
      `${file.where}: expected it in a folder named after its class, as the other images of ${name} are`,
    );
  });
}

/** `seven_1.png` -> `seven`, `7-a.jpg` -> `7`, `cat12.png` -> `cat`. */
function labelInName({ path, where }: ImageFile): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(imageName, '');
  const [start = ''] = name.split(/[\s_.(-]/);
  const label = start.replace(/(?<=\D)\d+$/, '');
  if (label !== '') return label;
  throw new DataError(`${where}: expected a name that begins with the class, such as seven_1.png`);
}

/** A share of each class for testing, the same for the same names and seed. */
function divide(
  name: string,
  labelled: readonly Labelled[],
  classes: readonly string[],
  { testShare = 0.2, seed = 0 }: ImageSetOptions,
): { readonly train: readonly Labelled[]; readonly test: readonly Labelled[] } {
  checkOption('testShare', testShare, testShare > 0 && testShare < 1, 'a number between 0 and 1');
  const [train, test]: [Labelled[], Labelled[]] = [[], []];
  for (const [epoch, label] of classes.entries()) {
    const all = labelled
      .filter((each) => each.label === label)
      .sort((a, b) => byCode(a.file.path, b.file.path));
    if (all.length < 2) {
      throw new DataError(
        `${name}: expected at least 2 images of '${label}', one to test with, got ${all.length}`,
      );
    }
    shuffleInPlace(all, randomStream({ seed, epoch }));
    const count = Math.min(all.length - 1, Math.max(1, Math.round(all.length * testShare)));
    test.push(...all.slice(0, count));
    train.push(...all.slice(count));
  }
  return { train, test };
}

async function sizeFor(
  { height, width }: ImageSetOptions,
  first: ImageFile | undefined,
): Promise<{ readonly height: number; readonly width: number }> {
  if (height !== undefined && width !== undefined) return { height, width };
  const size = (await first?.size()) ?? { height: 0, width: 0 };
  return { height: height ?? size.height, width: width ?? size.width };
}

async function decodeAll(
  name: string,
  labelled: readonly Labelled[],
  classes: readonly string[],
  options: DecodeOptions,
): Promise<Dataset> {
  const { channels, height, width } = options;
  const size = channels * height * width;
  const images = new Uint8Array(labelled.length * size);
  for (const [i, { file }] of labelled.entries()) images.set(await file.decode(options), i * size);
  const labels = Int32Array.from(labelled, ({ label }) => classes.indexOf(label));
  return memoryDataset({ name, images, labels, channels, height, width, classes });
}

/** Numbers by size, else by character codes: the order does not depend on the system's language. */
function byName(a: string, b: string): number {
  const isNumber = /^\d+$/;
  if (isNumber.test(a) && isNumber.test(b)) return Number(a) - Number(b);
  return byCode(a, b);
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
