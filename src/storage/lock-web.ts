import { StorageError } from '../errors.js';

/** What tabs say to one another under the name of a key. */
type Word = 'who has it?' | 'I have it';

/**
 * Milliseconds that a holder who does not answer may take to let go, at most: a former page that the browser is still
 * ending, whose worker may be in the middle of a long step. Only a tab that is frozen takes longer.
 */
const PATIENCE = 60_000;

/**
 * Makes this page or worker the only one that writes under a key, until the function that it returns is called. Throws
 * StorageError where another page has the key: at once where that page answers, else it is one that is about to end, as the
 * former self of a page that was reloaded, and is waited for. Where the browser has no locks (no secure context), nobody is
 * kept out: undefined comes back.
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
          // Also to those who asked before.
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
