import { defineConfig } from 'vitest/config';

/** Tests that drive a real Chromium; `npm run test:browser`. */
export default defineConfig({
  test: {
    env: { ORT_DISABLE_TELEMETRY: '1' },
    globalSetup: ['test/browser/helpers/vite-cache.ts'],
    include: ['test/browser/**/*.browser.ts'],
    // One browser at a time: the tests share two cores, and some of them watch the clock.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
