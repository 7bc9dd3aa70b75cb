import type { FileSource } from 'ort-train';

/** A file as it crosses to the page: its bytes in base64. */
export interface EncodedFile {
  readonly path: string;
  readonly bytes: string;
}

/** Files with their places, as they are dropped. */
export function placedFiles(
  files: readonly EncodedFile[],
): readonly { readonly path: string; readonly file: File }[] {
  return files.map(({ path, bytes }) => ({ path, file: new File([decode(bytes)], path) }));
}

/** The browser's private file system gives folders as `showDirectoryPicker` does, without asking anybody. */
export async function folderOf(files: readonly EncodedFile[]): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const chosen = await root.getDirectoryHandle('chosen', { create: true });
  for (const { path, bytes } of files) {
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    let folder = chosen;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create: true });
    const writer = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await writer.write(decode(bytes));
    await writer.close();
  }
  return chosen;
}

/** How files are given to a page: in a list, or in a folder's handle. */
export async function sourceOf(files: readonly EncodedFile[], as: 'list' | 'handle'): Promise<FileSource> {
  return as === 'list' ? placedFiles(files) : folderOf(files);
}

export function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

export function encode(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
