/** A file with its place in a folder; a browser's `File` loses that place when it is sent to a worker. */
export interface PlacedFile {
  /** Folders and name, separated by `/`. */
  readonly path: string;
  readonly file: Blob;
}

/** Files that a user dropped or chose: a list of them, or a folder of the browser's File System API. */
export type FileSource = Iterable<File | PlacedFile> | FileSystemDirectoryHandle;

/** Whether it is a folder of the File System API. */
export function isDirectoryHandle(source: object): source is FileSystemDirectoryHandle {
  return 'kind' in source && source.kind === 'directory';
}

/** Files in a form that a worker gets whole: a list with paths, or the folder's handle. */
export function filesToSend(source: FileSource): readonly PlacedFile[] | FileSystemDirectoryHandle {
  if (isDirectoryHandle(source)) return source;
  return Array.from(source, (each) =>
    'file' in each ? each : { path: each.webkitRelativePath || each.name, file: each },
  );
}
