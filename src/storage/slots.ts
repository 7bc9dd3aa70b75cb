import { StorageError } from '../errors.js';
import { megabytes, storageError, type CheckpointStore } from './checkpoint-store.js';

/** Files by name, for slots. */
export interface SlotFiles {
  /** The file's first bytes, or all; undefined where there is no such file. */
  read(name: string, first?: number): Promise<Uint8Array | undefined>;
  /**
   * Empties the file, writes the content after the place of the header, and the header once the content is stored: an
   * interrupted write leaves no header.
   */
  write(name: string, header: Uint8Array, content: Uint8Array): Promise<void>;
  /** Does nothing where there is no such file. */
  remove(name: string): Promise<void>;
}

/**
 * The number of the write, the length of the content (float64), SHA-256 of both and the content, and at the end, so that it
 * is there only where the rest is, `ORTSLOT1`.
 */
const MAGIC = new TextEncoder().encode('ORTSLOT1');
const SEQUENCE = 0;
const LENGTH = 8;
const DIGEST = 16;
const TAG = 48;
const HEADER = 56;

interface Head {
  readonly sequence: number;
  readonly length: number;
}

/**
 * Writes that are atomic on files that are not: a key has two files, and a write goes to the one that does not hold the
 * newest content. An interrupted write leaves that slot without a header, and the other as it was.
 */
export class TwoSlots implements CheckpointStore {
  readonly where: CheckpointStore['where'];
  readonly #files: SlotFiles;

  constructor(where: CheckpointStore['where'], files: SlotFiles) {
    this.where = where;
    this.#files = files;
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    try {
      const slots = await Promise.all(slotNames(key).map((name) => this.#files.read(name)));
      const written = slots.flatMap((bytes) => (bytes === undefined || bytes.length === 0 ? [] : [bytes]));
      if (written.length === 0) return undefined;
      const newestFirst = written.sort((a, b) => (headOf(b)?.sequence ?? 0) - (headOf(a)?.sequence ?? 0));
      for (const bytes of newestFirst) {
        const content = await contentOf(bytes);
        if (content !== undefined) return content;
      }
    } catch (error) {
      throw storageError(`reading checkpoint '${key}'`, error);
    }
    throw new StorageError(
      `checkpoint '${key}' in the browser's storage is damaged: its digest does not match its content; remove it`,
    );
  }

  async write(key: string, bytes: Uint8Array): Promise<void> {
    try {
      const [a, b] = slotNames(key);
      const [inA, inB] = [await this.#sequence(a), await this.#sequence(b)];
      const header = await headerOf(Math.max(inA, inB) + 1, bytes);
      await this.#files.write(inA > inB ? b : a, header, bytes);
    } catch (error) {
      throw storageError(`writing checkpoint '${key}' (${megabytes(bytes.length)})`, error);
    }
  }

  async remove(key: string): Promise<void> {
    try {
      for (const name of slotNames(key)) await this.#files.remove(name);
    } catch (error) {
      throw storageError(`removing checkpoint '${key}'`, error);
    }
  }

  /** The number of the write that a slot holds; 0 for none. */
  async #sequence(name: string): Promise<number> {
    return headOf((await this.#files.read(name, HEADER)) ?? new Uint8Array())?.sequence ?? 0;
  }
}

function slotNames(key: string): readonly [string, string] {
  return [`${key}.a`, `${key}.b`];
}

function headOf(bytes: Uint8Array): Head | undefined {
  if (bytes.length < HEADER || MAGIC.some((byte, i) => byte !== bytes[TAG + i])) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  return { sequence: view.getFloat64(SEQUENCE, true), length: view.getFloat64(LENGTH, true) };
}

/** A slot's content; undefined where it is not what its header says. */
async function contentOf(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const head = headOf(bytes);
  if (head === undefined) return undefined;
  const content = bytes.subarray(HEADER);
  if (content.length !== head.length) return undefined;
  const expected = await headerOf(head.sequence, content);
  return expected.every((byte, i) => byte === bytes[i]) ? content : undefined;
}

async function headerOf(sequence: number, content: Uint8Array): Promise<Uint8Array> {
  const header = new Uint8Array(HEADER);
  header.set(MAGIC, TAG);
  const view = new DataView(header.buffer);
  view.setFloat64(SEQUENCE, sequence, true);
  view.setFloat64(LENGTH, content.length, true);
  header.set(await sha256(content), DIGEST);
  // Hashed twice, so that the numbers are protected, too, without copying the content behind them.
  header.set(await sha256(header), DIGEST);
  return header;
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}
