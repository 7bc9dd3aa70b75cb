import { join } from 'node:path';
import envPaths from 'env-paths';
import type { MirrorOptions } from './mirrors-node.js';

/** How to download a data set. */
export interface DownloadOptions extends MirrorOptions {
  /** Where data sets are kept, each in a folder of its own; `defaultCacheDir()` unless given. */
  readonly cacheDir?: string;
  /** Base addresses to try in order, instead of the known ones. */
  readonly mirrors?: readonly string[];
}

/**
 * Where downloaded data sets are kept unless told otherwise: `data` in the system's cache folder for `ort-train`.
 *
 * @see https://github.com/sindresorhus/env-paths
 * @example
 * defaultCacheDir(); // on Linux ~/.cache/ort-train/data
 */
export function defaultCacheDir(): string {
  return join(envPaths('ort-train', { suffix: '' }).cache, 'data');
}
