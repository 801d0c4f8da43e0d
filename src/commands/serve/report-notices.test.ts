import { expect, test } from 'vitest';
import { recordingLogger } from '../../../test/fixtures/recording-logger.ts';
import { createMonitoring } from './monitoring.ts';
import { createNoticeReport } from './report-notices.ts';

test('partial responses and annotations are counted, and logged once in ten minutes', async () => {
  const { log, lines } = recordingLogger();
  const metrics = createMonitoring();
  let now = 0;
  const report = createNoticeReport(log, metrics, () => now);
  const partial = { partial: ['store 1 is gone', 'store 2 is gone'], annotations: [] };
  for (let count = 0; count < 3; count += 1) {
    report({ endpoint: 'query', expression: 'sum(a)', outcome: 'partial', notices: partial });
  }
  report({ endpoint: 'label_values', expression: '{a!=""}', outcome: 'success', notices: partial });
  for (const place of ['1:5', '1:9']) {
    const annotations = [`PromQL info: metric might not be a counter: "a" (${place})`];
    report({
      endpoint: 'query',
      expression: 'a',
      outcome: 'success',
      notices: { partial: [], annotations },
    });
  }
  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'warn a response of Prometheus is partial and is not used',
    'warn a response of Prometheus is partial and is used',
    'info Prometheus returned an annotation for a query',
  ]);
  expect(lines[0]?.fields).toEqual({
    endpoint: 'query',
    expression: 'sum(a)',
    warning: 'store 1 is gone',
    andOthers: 1,
  });
  const { body } = await metrics.render();
  const name = 'prom_metrics_adapter_prometheus_response_warnings_total';
  expect(body).toContain(`${name}{endpoint="query",type="partial"} 3\n`);
  expect(body).toContain(`${name}{endpoint="label_values",type="partial"} 1\n`);
  expect(body).toContain(`${name}{endpoint="query",type="annotation"} 2\n`);
  now += 10 * 60_000;
  report({ endpoint: 'query', expression: 'sum(a)', outcome: 'partial', notices: partial });
  expect(lines).toHaveLength(4);
});
