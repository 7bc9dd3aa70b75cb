import { defineConfig } from 'vitest/config';
import { TEST, WAIT } from './test/helpers/limits.js';

/** Tests that drive a real Chromium; `npm run test:browser`. */
export default defineConfig({
  test: {
    env: { ORT_DISABLE_TELEMETRY: '1' },
    globalSetup: ['test/browser/helpers/vite-cache.ts'],
    include: ['test/browser/**/*.browser.ts'],
    // One browser at a time: the tests share two cores.
    fileParallelism: false,
    testTimeout: TEST,
    hookTimeout: TEST,
    teardownTimeout: WAIT,
  },
});
