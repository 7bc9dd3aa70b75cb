import { defined } from '../checks.js';
import { isCifarName } from './cifar-sets.js';
import type { DataSplit } from './dataset.js';
import { loadEmnistFolder } from './emnist-folder-node.js';
import { embeddedDigits, type EmbeddedOptions } from './digits/index.js';
import { downloadNames, loadKnownSet, type DownloadOptions } from './download-node.js';
import { nodeHash } from './digest-node.js';
import { nodeFolder } from './folder-node.js';
import { isKnownName } from './known-sets.js';
import { listPictures } from './pictures/listing-node.js';
import { openNodeListing, type NodePictureOptions } from './pictures/open-node.js';
import { sourceOf } from './pictures/source-node.js';
import { readSet, setsLookedFor } from './read-set.js';

/** How to open a data set; each kind uses its own options. */
export interface OpenDataOptions extends DownloadOptions, NodePictureOptions {
  /** Sizes and seed of `digits`. */
  readonly digits?: EmbeddedOptions;
  /** Label of each class index where neither `classes` nor the data name them, as IDX files do not; default: the ten digits. */
  readonly fallbackClasses?: readonly string[];
  /** The labels of a model that pictures are for: they get its indices. Unless given, those of the pictures by name. */
  readonly modelClasses?: readonly string[];
}

/** Names that `openData` knows. */
export const dataNames: readonly string[] = ['digits', ...downloadNames];

/**
 * Opens a data set by its name or path: `digits` (drawn on the spot, needs no file); the name of a known set (downloaded once,
 * then from the cache); pictures: a folder with a folder for each class, perhaps below `train`, `val` and `test`, a list (`.csv`,
 * `.jsonl`), or tar shards; a folder of IDX, EMNIST or CIFAR files. To open a folder called like a set, write `./mnist`.
 *
 * Pictures are decoded when they are read; up to 20,000 of them are once beforehand, to find those that cannot be.
 *
 * @throws DataError if there is no such data, and for a picture that cannot be decoded, unless `skipBadImages` is set; OptionError
 *   for an option out of its range; IoError if files cannot be read; OfflineError if no mirror has a genuine file; AbortedError when
 *   `signal` fires; else as `loadIdxFolder` and `loadCifarFolder`.
 * @example
 * const { train, test, report } = await openData('photos/', { imageSize: 64 });
 * const fashion = await openData('fashion-mnist');
 */
export async function openData(spec: string, options: OpenDataOptions = {}): Promise<DataSplit> {
  if (spec === 'digits') return embeddedDigits(options.digits);
  if (isKnownName(spec) || isCifarName(spec)) return loadKnownSet(spec, options);
  const source = await sourceOf(spec, dataNames);
  if (source.kind === 'pictures') return openPictures(source.path, options);
  const { classes, fallbackClasses } = options;
  const names = defined({ classes, fallbackClasses });
  if (source.kind === 'emnist') {
    return loadEmnistFolder(source.folder, { ...defined({ classes }), set: source.set });
  }
  return readSet(await nodeFolder(source.folder, setsLookedFor), names, nodeHash);
}

/** Pictures that are decoded when they are read. */
async function openPictures(
  path: string,
  { modelClasses, classes = modelClasses, ...options }: OpenDataOptions,
): Promise<DataSplit> {
  return openNodeListing(await listPictures(path, { ...options, ...defined({ classes }) }), options);
}
