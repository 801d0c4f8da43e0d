import { defineConfig } from 'vitest/config';

const exclude = ['test/bench/**', 'node_modules/**'];

/** What a condition may take to come true: long, so that only what never comes true fails. */
const expectations = { poll: { timeout: 20_000, interval: 20 } };

/** Tests of timing: they run one after the other, with no other test at the same time. */
const alone = [
  'test/integration/apiserver-rolling-restart.test.ts',
  'test/integration/prometheus-guard.test.ts',
  'test/integration/prometheus-outage.test.ts',
];

/**
 * Tests of an adapter under attack, with limits for how long its event loop is blocked. They run like
 * those above. A busy machine can make a run exceed a limit; a fault makes three runs exceed it.
 */
const attacks = [
  'test/integration/admission-attacks.test.ts',
  'test/integration/large-answers.test.ts',
  'test/integration/large-rules-file.test.ts',
  'test/integration/large-usage.test.ts',
  'test/integration/selectors-at-limits.test.ts',
  'test/integration/unread-answers.test.ts',
];

export default defineConfig({
  test: {
    reporters: ['default', './test/failed-tests-last.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: [...exclude, ...alone, ...attacks, 'test/e2e/**'],
          expect: expectations,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'alone',
          include: alone,
          expect: expectations,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'attacks',
          include: attacks,
          expect: expectations,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          retry: 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude,
          globalSetup: 'test/e2e/programs.ts',
          expect: expectations,
          // Each file has a control plane of its own: one after the other, and nothing else beside.
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
