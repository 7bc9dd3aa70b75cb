/** A value that tells when it changes. */
export interface Store<T> {
  readonly value: T;
  /** Changes some fields and tells all who listen. */
  update(change: Partial<T>): void;
  /** Calls `listener` now and after each change. */
  watch(listener: (value: T) => void): void;
}

/**
 * The page's state: immutable values, one after the other.
 *
 * @example
 * const store = makeStore({ epoch: 0 });
 * store.watch(({ epoch }) => show(epoch));
 * store.update({ epoch: 1 });
 */
export function makeStore<T extends object>(initial: T): Store<T> {
  let value = initial;
  const listeners: ((value: T) => void)[] = [];
  return {
    get value() {
      return value;
    },
    update(change) {
      value = { ...value, ...change };
      for (const listener of listeners) listener(value);
    },
    watch(listener) {
      listeners.push(listener);
      listener(value);
    },
  };
}
