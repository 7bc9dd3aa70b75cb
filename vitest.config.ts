import { defineConfig } from 'vitest/config';
import { TEST, WAIT } from './test/helpers/limits.js';
import { nodeWorkers } from './test/helpers/node-workers.js';

export default defineConfig({
  plugins: [nodeWorkers()],
  test: {
    env: { ORT_DISABLE_TELEMETRY: '1' },
    globalSetup: ['test/helpers/cache-folder.ts'],
    include: ['test/**/*.test.ts', 'src/**/*.test.ts'],
    // ONNX Runtime holds native resources for each process: separate processes keep the test files apart.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: TEST,
    hookTimeout: TEST,
    teardownTimeout: WAIT,
  },
});
