import type { Picture } from '../picture.js';

/** Where decoded pictures are kept, in plain data. */
export interface PictureCacheDescription {
  /** State and place of each entry; shared by all threads. */
  readonly entries: Int32Array;
  /** How much is taken, in units. */
  readonly taken: Int32Array;
  readonly store:
    | { readonly kind: 'ram'; readonly bytes: Uint8Array }
    | { readonly kind: 'disk'; readonly descriptor: number; readonly size: number };
}

/** Decoded pictures that were kept, by their place. */
export interface PictureCache {
  get(place: number): Promise<Picture | undefined> | Picture | undefined;
  put(place: number, picture: Picture): Promise<void> | void;
}
