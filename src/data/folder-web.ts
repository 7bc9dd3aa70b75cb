import { DataError, IoError, messageOf } from '../errors.js';
import { isDirectoryHandle, filesToSend, type FileSource, type PlacedFile } from './files.js';
import type { DataFolder } from './folder.js';
import { junkReason } from './pictures/junk.js';
import type { SkippedFile } from './pictures/listing.js';

/** Dropped files without their common folders, and the name of the innermost of those. */
export interface DroppedFiles {
  /** The innermost common folder; `files` without one. */
  readonly name: string;
  readonly files: readonly PlacedFile[];
  /** The paths of the folders among them, without the common ones; empty folders come with a folder's handle only. */
  readonly folders: readonly string[];
  /** Hidden files and folders, and those that systems make. */
  readonly skipped: readonly SkippedFile[];
}

/** All files of a source. Throws DataError where there are none, IoError for a folder that cannot be read. */
export async function gatherFiles(source: FileSource): Promise<DroppedFiles> {
  const sent = filesToSend(source);
  const found: string[] = [];
  const all = isDirectoryHandle(sent) ? await filesBelow(sent, `${sent.name}/`, found) : sent;
  const files = all.filter(({ path }) => junkIn(path) === undefined);
  if (files.length === 0) {
    throw new DataError(
      `${isDirectoryHandle(sent) ? sent.name : 'dropped files'}: expected files of a data set, but there are none`,
    );
  }
  const depth = commonFolders(files.map(({ path }) => path.split('/').slice(0, -1)));
  const [{ path: first } = { path: '' }] = files;
  const inner = (path: string): string => path.split('/').slice(depth).join('/');
  const folders = [...files.flatMap(({ path }) => foldersAround(path)), ...found]
    .filter((path) => junkIn(path) === undefined)
    .map(inner);
  const junk = new Map(all.flatMap(({ path }) => junkIn(path) ?? []).map((each) => [each.where, each]));
  return {
    name: depth === 0 ? 'files' : (first.split('/')[depth - 1] ?? 'files'),
    files: files.map(({ path, file }) => ({ path: inner(path), file })),
    folders: [...new Set(folders)].filter((path) => path !== ''),
    skipped: Array.from(junk.values()),
  };
}

/** The outermost junk that a path leads through, or that it is. */
function junkIn(path: string): SkippedFile | undefined {
  const parts = path.split('/');
  for (const [i, part] of parts.entries()) {
    const why = junkReason(part);
    if (why !== undefined) return { where: parts.slice(0, i + 1).join('/'), why };
  }
  return undefined;
}

/** `a/b/c.png` -> `a`, `a/b`. */
function foldersAround(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** How many folders all paths begin with. */
function commonFolders([first = [], ...others]: readonly (readonly string[])[]): number {
  const end = first.findIndex((folder, i) => others.some((path) => path[i] !== folder));
  return end < 0 ? first.length : end;
}

/** All files of a folder and of those below it, whose paths are added to `folders`. */
async function filesBelow(
  folder: FileSystemDirectoryHandle,
  prefix: string,
  folders: string[],
): Promise<readonly PlacedFile[]> {
  const found: PlacedFile[] = [];
  try {
    for await (const [name, handle] of folder.entries()) {
      const path = `${prefix}${name}`;
      if (isDirectoryHandle(handle)) {
        folders.push(path);
        for (const file of await filesBelow(handle, `${path}/`, folders)) found.push(file);
      } else found.push({ path, file: await handle.getFile() });
    }
  } catch (cause) {
    if (cause instanceof IoError) throw cause;
    throw new IoError(`${prefix}: cannot read the folder: ${messageOf(cause)}`, { cause });
  }
  return found;
}

/** Dropped files as a folder. */
export function webFolder({ name, files }: Pick<DroppedFiles, 'name' | 'files'>): DataFolder {
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
