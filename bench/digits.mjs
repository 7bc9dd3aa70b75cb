// How long the embedded digits take to draw: the median of five times 12,000.
//
//     npm run build && node bench/digits.mjs
import { performance } from 'node:perf_hooks';
import { embeddedDigits } from '../dist/index.js';

const times = Array.from({ length: 5 }, (_, seed) => {
  const start = performance.now();
  embeddedDigits({ train: 12_000, test: 1, seed });
  return performance.now() - start;
});
const median = times.toSorted((a, b) => a - b)[2];
console.log(`12,000 digits: ${Math.round(median)} ms, ${((1000 * median) / 12_000).toFixed(0)} us each`);
