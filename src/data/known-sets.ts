import { OptionError } from '../errors.js';
import type { IdxRole } from './idx-files.js';

/** Data sets that are known by name. */
export type KnownName = 'mnist' | 'fashion-mnist';

/** What a genuine file hashes to. */
export interface Digest {
  readonly algorithm: 'sha256' | 'md5';
  /** `content`: the uncompressed bytes, however they are packed. `gzip`: the file as its publisher packed it. */
  readonly of: 'content' | 'gzip';
  /** In lower-case hexadecimal. */
  readonly hex: string;
}

/** A published data set in MNIST's layout. */
export interface KnownSet {
  readonly name: string;
  /** Home page. */
  readonly source: string;
  /** Label of each class index. */
  readonly classes: readonly string[];
  /** Number of images in each half. */
  readonly counts: { readonly train: number; readonly test: number };
  /** Base addresses, tried in this order; a file lies at `<mirror>/<role>-idx<n>-ubyte.gz`. */
  readonly mirrors: readonly string[];
  /** A file is genuine if one of its digests matches. */
  readonly digests: Readonly<Record<IdxRole, readonly Digest[]>>;
}

const gzipSha256 = (hex: string): Digest => ({ algorithm: 'sha256', of: 'gzip', hex });
const sha256 = (hex: string): Digest => ({ algorithm: 'sha256', of: 'content', hex });
const md5 = (hex: string): Digest => ({ algorithm: 'md5', of: 'content', hex });

/**
 * Gzip digests: https://github.com/tensorflow/datasets, tensorflow_datasets/url_checksums/mnist.txt. Content digests:
 * computed from files whose MD5 equals that of the original distribution.
 */
const mnist: KnownSet = {
  name: 'mnist',
  source: 'http://yann.lecun.com/exdb/mnist/',
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  counts: { train: 60_000, test: 10_000 },
  mirrors: [
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
    'https://raw.githubusercontent.com/fgnt/mnist/master/',
  ],
  digests: {
    'train-images': [
      gzipSha256('440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609'),
      sha256('ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db'),
    ],
    'train-labels': [
      gzipSha256('3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c'),
      sha256('65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5'),
    ],
    't10k-images': [
      gzipSha256('8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6'),
      sha256('0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7'),
    ],
    't10k-labels': [
      gzipSha256('f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6'),
      sha256('ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2'),
    ],
  },
};

/**
 * Gzip digests: https://github.com/tensorflow/datasets, tensorflow_datasets/url_checksums/fashion_mnist.txt. Of the
 * content only MD5 could be established (several independent loaders give the same four), so that is compared where the
 * file is not the publisher's own gzip: it finds damage and mix-ups, but is no proof against forgery.
 */
const fashionMnist: KnownSet = {
  name: 'fashion-mnist',
  source: 'https://github.com/zalandoresearch/fashion-mnist',
  classes: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
  counts: { train: 60_000, test: 10_000 },
  mirrors: [
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
    'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  ],
  digests: {
    'train-images': [
      gzipSha256('3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84'),
      md5('f4a8712d7a061bf5bd6d2ca38dc4d50a'),
    ],
    'train-labels': [
      gzipSha256('a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845'),
      md5('9018921c3c673c538a1fc5bad174d6f9'),
    ],
    't10k-images': [
      gzipSha256('346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073'),
      md5('8181f5470baa50b63fa0f6fddb340f0a'),
    ],
    't10k-labels': [
      gzipSha256('67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5'),
      md5('15d484375f8d13e6eb1aabb0c3f46965'),
    ],
  },
};

/**
 * The data sets that are known by name: classes, mirrors and digests.
 *
 * @example
 * knownSets['fashion-mnist'].classes[9]; // 'Ankle boot'
 */
export const knownSets: Readonly<Record<KnownName, KnownSet>> = { mnist, 'fashion-mnist': fashionMnist };

/** Whether a data set of this name is known. */
export function isKnownName(name: string): name is KnownName {
  return Object.hasOwn(knownSets, name);
}

/** The description of a known set; OptionError if there is none of this name. */
export function knownSet(name: string): KnownSet {
  if (!isKnownName(name)) {
    throw new OptionError(`data set: expected one of ${Object.keys(knownSets).join(', ')}, got ${name}`);
  }
  return knownSets[name];
}
