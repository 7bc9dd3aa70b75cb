import { OptionError, StorageError } from '../errors.js';

/** Keeps bytes under keys across reloads. What is written replaces what was there as a whole or not at all. */
export interface CheckpointStore {
  readonly where: 'opfs' | 'indexeddb';
  /** The bytes last written; undefined where there are none. Throws StorageError where everything there is damaged. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Throws StorageError where storage is full, refused or in use; what was there before stays then. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Removes what is there, damaged or not. */
  remove(key: string): Promise<void>;
}

/** Throws OptionError unless the key can name a file. */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key === 'string' && /^[\w.-]{1,100}$/.test(key)) return;
  throw new OptionError(
    `checkpointKey: expected 1 to 100 letters, digits and characters of -_., got ${JSON.stringify(key)}`,
  );
}

/**
 * What the browser's refusal means, in words: a full storage, a refused one, or a file that another page has open.
 *
 * @param doing - What was tried: `writing checkpoint 'a' (3.9 MB)`.
 */
export function storageError(doing: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) return cause;
  const { name, message } = (typeof cause === 'object' && cause !== null ? cause : {}) as Partial<Error>;
  const said = message ?? String(cause);
  const reasons: Readonly<Record<string, string>> = {
    QuotaExceededError:
      'the browser allows this site no more space: free space on the disk, or remove other data of this site',
    NoModificationAllowedError: 'another page or worker has it open: close that one',
    SecurityError:
      'the browser does not allow this page to store anything (private window, blocked cookies?)',
    NotAllowedError:
      'the browser does not allow this page to store anything (private window, blocked cookies?)',
    InvalidStateError:
      'the browser does not allow this page to store anything (private window, blocked cookies?)',
  };
  return new StorageError(`${doing} failed: ${reasons[name ?? ''] ?? said}`, { cause });
}

/** A size for people: `3.9 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
