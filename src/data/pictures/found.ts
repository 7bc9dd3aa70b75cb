import type { PictureAt, SkippedFile } from './listing.js';

/** A picture in a folder. */
export interface FoundPicture {
  /** Folders and name, separated by `/`, from the folder that holds all. */
  readonly path: string;
  readonly at: PictureAt;
}

/** What a folder holds, however deep. */
export interface FoundFolder {
  readonly name: string;
  /** What errors call it. */
  readonly where: string;
  readonly pictures: readonly FoundPicture[];
  /** The paths of all folders below it that are no junk, as far as they are known. */
  readonly folders: readonly string[];
  readonly skipped: readonly SkippedFile[];
  /** Names of what lies in it directly, for errors. */
  readonly entries: Iterable<string>;
  /** What errors call a path in it. */
  readonly whereOf: (path: string) => string;
}

/** The folders that pictures lie in directly, each once: `a/b` of `a/b/c.png`, an empty path of `c.png`. */
export function pictureFolders({ pictures }: FoundFolder): readonly string[] {
  return [...new Set(pictures.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/')))))];
}
