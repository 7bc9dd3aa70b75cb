import { StorageError } from '../errors.js';

/** Messages between tabs under the name of a key. */
type Word = 'who has it?' | 'I have it';

/**
 * The most milliseconds that a holder who does not answer may take to let go: a former page that the browser is still
 * closing, whose worker may be in the middle of a long step. Only a tab that is frozen takes longer.
 */
const PATIENCE = 60_000;

/**
 * Makes this page or worker the only one that writes under a key, until the function that it returns is called. Throws
 * StorageError where another page has the key: at once if that page answers; otherwise it is about to close, like the old
 * page after a reload, and is waited for. Where the browser has no locks (no secure context), nothing is locked and the
 * result is undefined.
 * Source: https://w3c.github.io/web-locks/
 */
export async function lockKey(key: string): Promise<(() => void) | undefined> {
  const { locks } = navigator as { readonly locks?: LockManager };
  if (locks === undefined) return undefined;
  const name = `ort-train checkpoint ${key}`;
  const others = new BroadcastChannel(name);
  const say = (word: Word): void => {
    others.postMessage(word);
  };
  const giveUp = new AbortController();
  const late = setTimeout(() => {
    giveUp.abort();
  }, PATIENCE);
  try {
    return await new Promise<() => void>((resolve, reject) => {
      others.onmessage = ({ data }: MessageEvent<Word>) => {
        if (data === 'I have it') giveUp.abort();
      };
      locks
        .request(name, { signal: giveUp.signal }, () => {
          others.onmessage = ({ data }: MessageEvent<Word>) => {
            if (data === 'who has it?') say('I have it');
          };
          // Also answers those who asked before.
          say('I have it');
          return new Promise<void>((release) => {
            resolve(() => {
              others.close();
              release();
            });
          });
        })
        .catch(reject);
      say('who has it?');
    });
  } catch (cause) {
    others.close();
    throw new StorageError(
      `checkpoint '${key}': another page or worker trains under this name; close it, or take another checkpointKey`,
      { cause },
    );
  } finally {
    clearTimeout(late);
  }
}
