import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The long timeout of `expect.poll` makes a test fail only if its condition never becomes true. */
const expectations = { poll: { timeout: 20_000, interval: 20 } };

/** Tests of timing. They run one at a time, with no other test beside them. */
const alone = [
  'test/integration/apiserver-rolling-restart.test.ts',
  'test/integration/limited-adapter.test.ts',
  'test/integration/prometheus-guard.test.ts',
  'test/integration/prometheus-outage.test.ts',
];

/**
 * Tests of an adapter under attack, with limits for how long its event loop is blocked. They also run
 * one at a time. A busy machine can make one run exceed a limit; a fault makes three runs exceed it.
 */
const attacks = [
  'test/integration/admission-attacks.test.ts',
  'test/integration/large-answers.test.ts',
  'test/integration/large-rules-file.test.ts',
  'test/integration/large-usage.test.ts',
  'test/integration/selectors-at-limits.test.ts',
  'test/integration/unread-answers.test.ts',
];

/** No request may fail in this test, so it runs with no other test beside it. */
const ROLLING_RESTART = 'test/e2e/rolling-restart.test.ts';

/**
 * Adapters that tests start from source keep their compiled code here, which halves the time of a
 * start. Not for tests with limits: the image has no such cache.
 */
const env = { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled') };

const shared = { expect: expectations, testTimeout: 60_000, hookTimeout: 120_000 };
const oneAtATime = { ...shared, fileParallelism: false };

/** Vitest's default leaves one processor idle, which is half of a machine with two. */
const processors = availableParallelism();

export default defineConfig({
  test: {
    reporters: ['default', './test/failed-tests-last.ts'],
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/*.test.ts'],
          maxWorkers: processors,
        },
      },
      {
        test: {
          ...shared,
          name: 'integration',
          include: ['{scripts,test/integration,test/golden,test/chart}/**/*.test.ts'],
          exclude: [...alone, ...attacks],
          env,
          // Most of them also wait: for programs that start, and for the time of a poll to pass.
          maxWorkers: processors + 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { ...oneAtATime, name: 'alone', include: alone, sequence: { groupOrder: 2 } },
      },
      {
        test: {
          ...oneAtATime,
          name: 'attacks',
          include: attacks,
          sequence: { groupOrder: 3 },
          retry: 2,
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [ROLLING_RESTART],
          globalSetup: ['test/e2e/programs.ts', 'test/e2e/shared-clusters.ts'],
          env,
          // They mostly wait. Each worker has its own cluster.
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...oneAtATime,
          name: 'e2e-alone',
          include: [ROLLING_RESTART],
          globalSetup: 'test/e2e/programs.ts',
          env,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
