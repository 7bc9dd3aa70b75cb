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
