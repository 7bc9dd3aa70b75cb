import { DataError, messageOf } from '../errors.js';

/** Whether bytes begin as a gzip file does, whatever the file is called. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks a gzip file of one member, in the browser and in Node alike.
 *
 * @param bytes - The whole file.
 * @param where - The file's name, for error messages.
 * @throws DataError if the file is not gzip, is cut off, fails its checksum, or does not end with its gzip member.
 * @see https://www.rfc-editor.org/rfc/rfc1952 (gzip), https://compression.spec.whatwg.org/ (DecompressionStream)
 * @example
 * const idx = await gunzip(await readFile(file), file);
 */
export async function gunzip(bytes: Uint8Array, where: string): Promise<Uint8Array> {
  if (!isGzip(bytes)) {
    const came = Array.from(bytes.subarray(0, 2), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new DataError(`${where}: expected a gzip file (first bytes 1f 8b), got ${came || 'an empty file'}`);
  }
  let content: Uint8Array;
  try {
    const unpacked = new Blob([bytes as Uint8Array<ArrayBuffer>])
      .stream()
      .pipeThrough(new DecompressionStream('gzip'));
    content = await readAll(unpacked);
  } catch (cause) {
    throw new DataError(`${where}: expected a whole gzip file, but ${trouble(cause)}`, { cause });
  }
  // ISIZE, the last four bytes: length of the content modulo 2^32. Node skips zeros behind the end, browsers do not.
  const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  if (end !== content.length % 2 ** 32) {
    throw new DataError(
      `${where}: expected one gzip member and nothing behind it, but its last bytes give a length of ${end}, ` +
        `and ${content.length} bytes came out; unpack it with gunzip and use the plain file`,
    );
  }
  return content;
}

/** Unpacks bytes that begin as gzip does, and leaves others as they are. */
export async function gunzipIfNeeded(bytes: Uint8Array, where: string): Promise<Uint8Array> {
  return isGzip(bytes) ? gunzip(bytes, where) : bytes;
}

/** A `Response` would read it, too, but browsers then say only `Failed to fetch` of an error. */
async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
  }
  const content = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    content.set(chunk, at);
    at += chunk.length;
  }
  return content;
}

/** The reason in words; zlib (Node) and the browsers word it differently. */
function trouble(cause: unknown): string {
  const message = messageOf(cause);
  if (/unexpected end|truncated/i.test(message)) return 'it is cut off';
  if (/data check|length check/i.test(message)) return 'its checksum does not match its content';
  if (/header check|junk/i.test(message)) return 'foreign bytes follow its end';
  return `it is damaged (${message})`;
}
