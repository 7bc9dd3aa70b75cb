import { tarEntry } from '../cifar-helpers.js';

/** What an archive ends with. */
export const end = new Uint8Array(1024);

/** A tar archive of texts and bytes. */
export function tar(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const entries = Object.entries(files).map(([name, content]) =>
    tarEntry(name, typeof content === 'string' ? new TextEncoder().encode(content) : content),
  );
  return Buffer.concat([...entries, end]);
}
