import { defineConfig } from 'vitest/config';

/** The tests that mutants are run against: the unit tests, which are fast and need no servers. */
export default defineConfig({
  test: { include: ['src/**/*.test.ts'], testTimeout: 60_000 },
});
