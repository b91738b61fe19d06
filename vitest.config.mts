/**
 * Two projects: `unit` needs nothing but the sources and runs in the pre-commit hook; `system` drives what
 * was built (dist) and outside programs, so its set-up builds first.
 */
import { defineConfig } from 'vitest/config';

const UNIT = ['test/unit/**/*.test.ts', 'test/golden/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 5_000,
    projects: [
      { extends: true, test: { name: 'unit', include: UNIT } },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: [...UNIT, 'test/bench/**'],
          globalSetup: ['test/setup/build.ts'],
          testTimeout: 120_000,
        },
      },
    ],
  },
});
