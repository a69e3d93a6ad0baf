import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more workers than that only add noise to the tests that start real nodes.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: process.env['CI']
      ? ['default', ['json', { outputFile: 'coverage/tests.json' }]]
      : ['default'],
    coverage: {
      include: ['crdt/**/*.ts', 'sync/**/*.ts', 'node/**/*.ts'],
      thresholds: { lines: 90 },
    },
  },
})
