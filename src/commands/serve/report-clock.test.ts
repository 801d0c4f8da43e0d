import { expect, test } from 'vitest';
import { recordingLogger } from '../../../test/fixtures/recording-logger.ts';
import { createMonitoring } from './monitoring.ts';
import { createClockReport } from './report-clock.ts';

test('clock skew above 30 s is logged once, and when it ends', async () => {
  const { log, lines } = recordingLogger();
  const metrics = createMonitoring();
  let now = 0;
  const report = createClockReport(log, metrics, () => now);
  for (const offset of [0, 29.5, -30, 31, 290, 290]) report(offset);
  expect(lines).toEqual([
    expect.objectContaining({ level: 'warn', fields: { prometheusIsAheadBySeconds: 31 } }),
  ]);
  expect((await metrics.render()).body).toContain(
    'prom_metrics_adapter_prometheus_clock_skew_seconds 290\n',
  );
  now += 60_000;
  report(-2.4);
  expect(lines.slice(1)).toEqual([
    expect.objectContaining({ level: 'info', fields: { prometheusIsAheadBySeconds: -2 } }),
  ]);
});

test('two servers with different clocks behind one address log one line per minute', () => {
  const { log, lines } = recordingLogger();
  let now = 0;
  const report = createClockReport(log, createMonitoring(), () => now);
  for (let second = 0; second < 120; second += 1) {
    report(second % 2 === 0 ? 0 : -300);
    now += 1000;
  }
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
});
