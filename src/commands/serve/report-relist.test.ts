import { describe, expect, it } from 'vitest';
import { emptyCatalog } from '../../catalog/catalog.ts';
import type { RelistRound } from '../../catalog/relist.ts';
import { type Logger, silentLogger } from '../../telemetry/logger.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { createRelistReport } from './report-relist.ts';

/** Reports rounds in which so much failed and was left out; returns the warnings. */
function warningsOf(...rounds: readonly { failed: number; leftOut: number }[]) {
  const warnings: string[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
  };
  const metrics = createMetrics({ version: '1', revision: '' });
  const report = createRelistReport(log, metrics, () => ({ custom: [], external: [] }));
  for (const { failed, leftOut } of rounds) {
    const round: RelistRound = {
      outcomes: Array.from({ length: failed }, (_, index) => ({
        seriesQuery: `query_${index}`,
        error: new Error('down'),
      })),
      choice: undefined,
      leftOut: Array.from({ length: leftOut }, (_, index) => ({
        series: `series_${index}`,
        name: 'a/b',
        why: 'it has a "/"',
      })),
      catalog: emptyCatalog,
      durationSeconds: 1,
    };
    report(round);
  }
  return warnings;
}

describe('createRelistReport', () => {
  it('names what failed and what is left out, the latter only when it changes', () => {
    const rounds = [
      { failed: 2, leftOut: 1 },
      { failed: 0, leftOut: 1 },
      { failed: 0, leftOut: 2 },
    ];
    const warnings = warningsOf(...rounds);
    expect(warnings.filter((warning) => warning.includes('query_'))).toHaveLength(2);
    expect(warnings.filter((warning) => warning.includes('series_'))).toHaveLength(3);
  });

  it('does not let made-up names fill the log', () => {
    const warnings = warningsOf({ failed: 1000, leftOut: 100_000 });
    expect(warnings).toHaveLength(42);
    expect(warnings).toContain('more series queries failed {"more":980}');
    expect(warnings).toContain('more metrics are not served {"more":99980}');
  });
});
