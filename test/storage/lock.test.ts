import { afterEach, describe, expect, test, vi } from 'vitest';
import { StorageError } from '../../src/errors.js';
import { lockKey } from '../../src/storage/lock-web.js';

/** The browser's locks, for one name: whoever asks first has it, the others wait in order. */
class Locks {
  readonly #queue: (() => void)[] = [];
  #held = false;

  request(
    _name: string,
    { signal }: { readonly signal: AbortSignal },
    hold: () => Promise<void>,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        if (signal.aborted) {
          this.#next();
          return;
        }
        this.#held = true;
        void hold().then(() => {
          resolve();
          this.#next();
        });
      };
      signal.addEventListener('abort', () => {
        // As browsers do, whether it is held already or not: of no effect then.
        reject(new DOMException('signal is aborted', 'AbortError'));
      });
      if (this.#held) this.#queue.push(take);
      else take();
    });
  }

  #next(): void {
    this.#held = false;
    this.#queue.shift()?.();
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const name = 'ort-train checkpoint k';

/** Locks of which somebody holds this one who never answers, until the function that comes back is called. */
async function heldBySilence(locks: Locks): Promise<() => void> {
  return new Promise((resolve) => {
    void locks.request(name, new AbortController(), () => {
      return new Promise<void>((release) => {
        resolve(release);
      });
    });
  });
}

describe('lockKey', () => {
  test('gives a key to one at a time, and refuses another at once where its holder answers', async () => {
    vi.stubGlobal('navigator', { locks: new Locks() });
    const unlock = await lockKey('k');
    // No timer goes off: the refusal is the holder's answer.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await expect(lockKey('k')).rejects.toThrow(StorageError);
    await expect(lockKey('k')).rejects.toThrow(/^checkpoint 'k': another page or worker trains/);
    expect(vi.getTimerCount()).toBe(0);
    unlock?.();
    const again = await lockKey('k');
    again?.();
  });

  test('waits for a holder who does not answer to let go, and then answers those who wait with it', async () => {
    const locks = new Locks();
    vi.stubGlobal('navigator', { locks });
    const letGo = await heldBySilence(locks);
    const [first, second] = [lockKey('k'), lockKey('k')];
    const refused = expect(second).rejects.toThrow(StorageError);
    letGo();
    const unlock = await first;
    await refused;
    unlock?.();
  });

  test('gives a holder up that neither answers nor lets go', async () => {
    const locks = new Locks();
    vi.stubGlobal('navigator', { locks });
    await heldBySilence(locks);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const refused = expect(lockKey('k')).rejects.toThrow(StorageError);
    vi.runAllTimers();
    await refused;
  });

  test('keeps nobody out where the browser has no locks', async () => {
    vi.stubGlobal('navigator', {});
    expect(await lockKey('k')).toBeUndefined();
  });
});
