import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more workers than that only add noise to the tests that start real nodes.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: {
      include: ['crdt/**', 'sync/**', 'node/**'],
      thresholds: { lines: 90 },
    },
  },
})
