/** Data sets: everything, with what needs files and the network. */
export * from './index.js';
export { cachedDataSets, type CachedDataSet } from './cached-node.js';
export { defaultCacheDir } from './download-node.js';
export { loadCifarFolder } from './cifar-folder-node.js';
export type { CifarFolderOptions } from './cifar-set.js';
export { loadIdxFolder } from './idx-folder-node.js';
export type { IdxFolderOptions } from './idx-set.js';
export { decodeImage, decodePicture } from './image-node.js';
export type { DecodedPicture, DecodeOptions, DecodePictureOptions } from './image-node.js';
export type { DownloadProgress } from './mirrors-node.js';
export { dataNames, openData } from './open-data-node.js';
export type { OpenDataOptions } from './open-data-node.js';
