import { defineConfig } from 'vitest/config';

/** The directory under src whose mutants run; `make mutate` sets it. Without it, all unit tests run. */
const room = process.env.MUTATED_ROOM ?? '.';

/** Integration tests of a room that need no program but this one, and run within seconds. */
const integration: Partial<Record<string, string[]>> = {
  kubernetes: ['discovery-servers', 'kubernetes-*', 'object-index'],
};

/** The tests that mutants are run against: those of the room. */
export default defineConfig({
  test: {
    include: [
      `src/${room}/**/*.test.ts`,
      ...(integration[room] ?? []).map((name) => `test/integration/${name}.test.ts`),
    ],
    // The longest tests take a few seconds on a busy machine. This ends tests that a mutant makes wait.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    expect: { poll: { timeout: 4_000, interval: 20 } },
  },
});
