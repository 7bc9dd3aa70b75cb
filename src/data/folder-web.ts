import { DataError, IoError, messageOf } from '../errors.js';
import { isDirectoryHandle, filesToSend, type FileSource, type PlacedFile } from './files.js';
import type { DataFolder } from './folder.js';

/** Files and folders that operating systems add to folders, and hidden ones. */
const systemFile = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;

/** Dropped files without their common folders, and the name of the innermost of those. */
export interface DroppedFiles {
  /** The innermost common folder; `files` without one. */
  readonly name: string;
  readonly files: readonly PlacedFile[];
}

/** All files of a source. Throws DataError where there are none, IoError for a folder that cannot be read. */
export async function gatherFiles(source: FileSource): Promise<DroppedFiles> {
  const sent = filesToSend(source);
  const all = isDirectoryHandle(sent) ? await filesBelow(sent, `${sent.name}/`) : sent;
  const files = all.filter(({ path }) => !systemFile.test(path));
  if (files.length === 0) {
    throw new DataError(
      `${isDirectoryHandle(sent) ? sent.name : 'dropped files'}: expected files of a data set, but there are none`,
    );
  }
  const depth = commonFolders(files.map(({ path }) => path.split('/').slice(0, -1)));
  const [{ path: first } = { path: '' }] = files;
  return {
    name: depth === 0 ? 'files' : (first.split('/')[depth - 1] ?? 'files'),
    files: files.map(({ path, file }) => ({ path: path.split('/').slice(depth).join('/'), file })),
  };
}

/** How many folders all paths begin with. */
function commonFolders([first = [], ...others]: readonly (readonly string[])[]): number {
  const end = first.findIndex((folder, i) => others.some((path) => path[i] !== folder));
  return end < 0 ? first.length : end;
}

async function filesBelow(folder: FileSystemDirectoryHandle, prefix: string): Promise<readonly PlacedFile[]> {
  const found: PlacedFile[] = [];
  try {
    for await (const [name, handle] of folder.entries()) {
      const path = `${prefix}${name}`;
      if (isDirectoryHandle(handle)) found.push(...(await filesBelow(handle, `${path}/`)));
      else found.push({ path, file: await handle.getFile() });
    }
  } catch (cause) {
    if (cause instanceof IoError) throw cause;
    throw new IoError(`${prefix}: cannot read the folder: ${messageOf(cause)}`, { cause });
  }
  return found;
}

/** Dropped files as a folder. */
export function webFolder({ name, files }: DroppedFiles): DataFolder {
  const entries = new Map(
    files.map(({ path }) => [path.replace(/\/.*$/, ''), path.includes('/') ? 'folder' : 'file'] as const),
  );
  return {
    ...{ where: name, name, entries },
    pathOf: (file) => (name === 'files' ? file : `${name}/${file}`),
    read: (path) => readBytes(files.find((each) => each.path === path)?.file, path),
    open: (inner) =>
      Promise.resolve(
        webFolder({
          name: inner,
          files: files
            .filter(({ path }) => path.startsWith(`${inner}/`))
            .map(({ path, file }) => ({ path: path.slice(inner.length + 1), file })),
        }),
      ),
  };
}

/** Throws IoError for a file that cannot be read: it was moved meanwhile, or is a folder. */
export async function readBytes(file: Blob | undefined, where: string): Promise<Uint8Array> {
  if (file === undefined) throw new IoError(`${where}: cannot read the file: there is no such file`);
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new IoError(`${where}: cannot read the file: ${messageOf(cause)}`, { cause });
  }
}
