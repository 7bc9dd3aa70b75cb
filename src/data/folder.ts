/** A folder of files, on a disk or in a browser: what reading a data set needs. */
export interface DataFolder {
  /** What errors call it. */
  readonly where: string;
  /** What a data set in it is called unless told otherwise. */
  readonly name: string;
  /** Names of what is in it. */
  readonly entries: ReadonlyMap<string, 'file' | 'folder'>;
  /** What errors call one of its files. */
  pathOf(name: string): string;
  /** The bytes of a file. Throws IoError where it cannot be read. */
  read(name: string): Promise<Uint8Array>;
  /** A folder in it. */
  open(name: string): Promise<DataFolder>;
}

/** What a folder holds instead, for errors. */
export function shownNames(names: Iterable<string>): string {
  const sorted = [...names].sort();
  const more = sorted.length > 10 ? ` and ${sorted.length - 10} more` : '';
  return sorted.length > 0 ? `there is ${sorted.slice(0, 10).join(', ')}${more}` : 'the folder is empty';
}
