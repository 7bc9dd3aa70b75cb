import { describe, expect, test } from 'vitest';
import { OptionError, StorageError } from '../../src/errors.js';
import { checkKey, storageError } from '../../src/storage/checkpoint-store.js';
import { TwoSlots, type SlotFiles } from '../../src/storage/slots.js';

/** Files in memory whose writes can break off after so many bytes, in the order that `SlotFiles` promises. */
class MemoryFiles implements SlotFiles {
  readonly files = new Map<string, Uint8Array>();
  /** Bytes that still can be written. */
  left = Infinity;
  refusal: Error | undefined;

  read(name: string, first?: number): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.files.get(name)?.slice(0, first));
  }

  write(name: string, header: Uint8Array, content: Uint8Array): Promise<void> {
    if (this.refusal) return Promise.reject(this.refusal);
    const whole = content.length + header.length;
    const file = new Uint8Array(header.length + Math.min(content.length, this.left));
    file.set(content.subarray(0, this.left), header.length);
    const ofHeader = Math.max(0, Math.min(header.length, this.left - content.length));
    file.set(header.subarray(0, ofHeader));
    this.files.set(name, this.left === 0 ? new Uint8Array() : file);
    const isBroken = this.left < whole;
    this.left = Math.max(0, this.left - whole);
    return isBroken ? Promise.reject(new Error('the power went out')) : Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.files.delete(name);
    return Promise.resolve();
  }
}

const bytes = (value: number, length = 100): Uint8Array => new Uint8Array(length).fill(value);

describe('two slots', () => {
  test('give what was written last, from any instance', async () => {
    const files = new MemoryFiles();
    const store = new TwoSlots('opfs', files);
    expect(await store.read('a')).toBeUndefined();
    for (let i = 1; i <= 7; i++) {
      await store.write('a', bytes(i, 50 + 10 * (i % 3)));
      expect(await new TwoSlots('opfs', files).read('a')).toEqual(bytes(i, 50 + 10 * (i % 3)));
    }
    expect([...files.files.keys()].sort()).toEqual(['a.a', 'a.b']);
    // Another page goes on where this one was.
    await new TwoSlots('opfs', files).write('a', bytes(8));
    await store.write('a', bytes(9));
    expect(await store.read('a')).toEqual(bytes(9));
  });

  test('keep keys apart, and remove them', async () => {
    const store = new TwoSlots('opfs', new MemoryFiles());
    await store.write('a', bytes(1));
    await store.write('b', bytes(2));
    await store.remove('a');
    expect(await store.read('a')).toBeUndefined();
    expect(await store.read('b')).toEqual(bytes(2));
    await store.remove('a');
  });

  test('a write that breaks off at any byte leaves what was there', async () => {
    const whole = 156;
    for (let end = 0; end < whole; end++) {
      const files = new MemoryFiles();
      const store = new TwoSlots('opfs', files);
      await store.write('a', bytes(1));
      await store.write('a', bytes(2));
      files.left = end;
      await expect(store.write('a', bytes(3)), `${end}`).rejects.toThrow(StorageError);
      expect(await store.read('a'), `${end}`).toEqual(bytes(2));
      // And the next one goes into the damaged slot, not over the whole one.
      files.left = end;
      await expect(store.write('a', bytes(4))).rejects.toThrow(StorageError);
      expect(await store.read('a'), `${end}`).toEqual(bytes(2));
      files.left = Infinity;
      await store.write('a', bytes(5));
      expect(await store.read('a')).toEqual(bytes(5));
    }
  });

  test('the first write that breaks off is no checkpoint', async () => {
    const files = new MemoryFiles();
    const store = new TwoSlots('opfs', files);
    files.left = 0;
    await expect(store.write('a', bytes(1))).rejects.toThrow(
      /^writing checkpoint 'a' \(0\.0 MB\) failed: the power went out$/,
    );
    expect(await store.read('a')).toBeUndefined();
    files.left = 90;
    await expect(store.write('a', bytes(1))).rejects.toThrow(StorageError);
    await expect(store.read('a')).rejects.toThrow(/checkpoint 'a' in the browser's storage is damaged/);
  });

  test('damage at any byte is found; the older content is given where it is whole', async () => {
    const files = new MemoryFiles();
    const store = new TwoSlots('opfs', files);
    await store.write('a', bytes(1));
    const [first] = files.files.keys();
    await store.write('a', bytes(2));
    const second = [...files.files.keys()].find((name) => name !== first) ?? '';
    const newest = files.files.get(second) ?? new Uint8Array();
    for (let at = 0; at < newest.length; at++) {
      files.files.set(second, newest.with(at, (newest[at] ?? 0) ^ 1));
      expect(await store.read('a'), `${at}`).toEqual(bytes(1));
    }
    files.files.set(second, newest.slice(0, -1));
    expect(await store.read('a')).toEqual(bytes(1));
    files.files.set(first ?? '', new Uint8Array([1, 2, 3]));
    await expect(store.read('a')).rejects.toThrow(StorageError);
    await store.remove('a');
    expect(await store.read('a')).toBeUndefined();
  });

  test('say what the browser refuses', async () => {
    const files = new MemoryFiles();
    const store = new TwoSlots('opfs', files);
    files.refusal = new DOMException('x', 'QuotaExceededError');
    await expect(store.write('a', bytes(1, 2_500_000))).rejects.toThrow(
      /^writing checkpoint 'a' \(2\.5 MB\) failed: the browser allows this site no more space: free space/,
    );
    files.refusal = new DOMException('x', 'NoModificationAllowedError');
    await expect(store.write('a', bytes(1))).rejects.toThrow(/another page or worker has it open/);
  });
});

test('storageError takes anything', () => {
  expect(storageError('reading', 'odd').message).toBe('reading failed: odd');
  expect(storageError('reading', undefined).message).toBe('reading failed: undefined');
  expect(storageError('reading', new DOMException('', 'SecurityError')).message).toMatch(/private window/);
  const known = new StorageError('known');
  expect(storageError('reading', known)).toBe(known);
});

test('checkKey takes names of files only', () => {
  for (const key of ['default', 'a.b-c_9', 'x'.repeat(100)]) {
    expect(() => {
      checkKey(key);
    }).not.toThrow();
  }
  for (const key of ['', 'a/b', 'a b', 'ä', 'x'.repeat(101), 7, undefined]) {
    expect(() => {
      checkKey(key);
    }).toThrow(OptionError);
  }
});
