/**
 * Mixes a 32-bit word so that each bit of it changes half of the result's: a bijection, with which neighbouring seeds
 * and counters get nothing to do with each other. The finaliser of MurmurHash3.
 * Source: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */
export function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** What a hash by `fnv1a` begins with. */
export const fnvStart = 0x811c9dc5;

/** The hash with one more byte or word. Source: http://www.isthe.com/chongo/tech/comp/fnv/ (FNV-1a, 32 bits) */
export function fnv1a(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193);
}
