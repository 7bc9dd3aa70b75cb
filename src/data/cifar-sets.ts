import { checkOption } from '../checks.js';
import { cifar100Classes, cifar10Classes } from './cifar-classes.js';
import type { Digest } from './known-sets.js';

/** The two data sets of CIFAR. */
export type CifarName = 'cifar10' | 'cifar100';

/** A data set in CIFAR's binary layout, and where it is published. */
export interface CifarSet {
  readonly name: CifarName;
  /** Home page. */
  readonly source: string;
  /** Label of each (fine) class index. */
  readonly classes: readonly string[];
  /** Number of coarse classes, whose label comes before the fine one; 0 where there are none. */
  readonly coarse: number;
  /** File names of each half, in order. */
  readonly files: { readonly train: readonly string[]; readonly test: readonly string[] };
  /** Number of images in each file of a half. */
  readonly counts: { readonly train: number; readonly test: number };
  /** The folder inside the archive. */
  readonly folder: string;
  /** File name of the archive, at `<mirror>/<archive>`. */
  readonly archive: string;
  /** Base addresses, tried in this order. */
  readonly mirrors: readonly string[];
  /** The archive is genuine if one of its digests matches. */
  readonly digests: readonly Digest[];
}

const source = 'https://www.cs.toronto.edu/~kriz/cifar.html';
const mirrors = ['https://www.cs.toronto.edu/~kriz/'];
const gzip = (algorithm: Digest['algorithm'], hex: string): Digest => ({ algorithm, of: 'gzip', hex });

/**
 * The two CIFAR sets: classes, files, mirrors and digests. SHA-256 of the archives:
 * https://github.com/tensorflow/datasets, tensorflow_datasets/url_checksums/cifar10.txt and cifar100.txt. The
 * publisher gives MD5 only (c32a1d4ab5d03f1284b67883e8d87530 for CIFAR-10), which would prove less. There are no published digests of the unpacked files: their layout and counts are checked.
 *
 * @example
 * cifarSets.cifar10.classes[3]; // 'cat'
 */
export const cifarSets: Readonly<Record<CifarName, CifarSet>> = {
  cifar10: {
    name: 'cifar10',
    source,
    classes: cifar10Classes,
    coarse: 0,
    files: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ['test_batch.bin'] },
    counts: { train: 10_000, test: 10_000 },
    folder: 'cifar-10-batches-bin',
    archive: 'cifar-10-binary.tar.gz',
    mirrors,
    digests: [gzip('sha256', 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd')],
  },
  cifar100: {
    name: 'cifar100',
    source,
    classes: cifar100Classes,
    coarse: 20,
    files: { train: ['train.bin'], test: ['test.bin'] },
    counts: { train: 50_000, test: 10_000 },
    folder: 'cifar-100-binary',
    archive: 'cifar-100-binary.tar.gz',
    mirrors,
    digests: [gzip('sha256', '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec')],
  },
};

/** Whether there is a CIFAR set of this name. */
export function isCifarName(name: string): name is CifarName {
  return Object.hasOwn(cifarSets, name);
}

/** The set of that name. Throws OptionError for another one. */
export function cifarSet(kind: CifarName): CifarSet {
  checkOption('kind', kind, isCifarName(kind), `one of ${Object.keys(cifarSets).join(', ')}`);
  return cifarSets[kind];
}
