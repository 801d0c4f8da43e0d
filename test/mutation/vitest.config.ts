import { defineConfig } from 'vitest/config';

/** Integration tests that need no program but this one, and run within seconds. */
const integration = ['discovery-servers', 'kubernetes-*', 'object-index'];

/** The tests that mutants are run against. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', ...integration.map((name) => `test/integration/${name}.test.ts`)],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
