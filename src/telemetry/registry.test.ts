import { describe, expect, it } from 'vitest';
import { metricSamples } from '../../test/fixtures/metric-samples.ts';
import { ANY_VALUE, createMetricsRegistry } from './registry.ts';

describe('createMetricsRegistry', () => {
  it('starts a counter at 0 for each combination of label values', async () => {
    const registry = createMetricsRegistry('1');
    const counter = registry.counter({
      name: 'events_total',
      help: 'Events.',
      labels: { kind: ['a', 'b'], outcome: ['good', 'bad'] },
    });
    registry.counter({ name: 'plain_total', help: 'Plain.' });
    counter.inc({ kind: 'b', outcome: 'good' }, 3);
    expect(await metricSamples(registry)).toMatchObject({
      'events_total{kind="a",outcome="good"}': 0,
      'events_total{kind="a",outcome="bad"}': 0,
      'events_total{kind="b",outcome="good"}': 3,
      'events_total{kind="b",outcome="bad"}': 0,
      plain_total: 0,
    });
  });

  it('starts no series of a label that can have any value', async () => {
    const registry = createMetricsRegistry('1');
    const labels = { resource: ANY_VALUE, outcome: ['good'] } as const;
    const counter = registry.counter({ name: 'lists_total', help: 'Lists.', labels });
    const count = async () =>
      Object.keys(await metricSamples(registry)).filter((name) => name.startsWith('lists')).length;
    expect(await count()).toBe(0);
    counter.inc({ resource: 'pods', outcome: 'good' });
    expect(await count()).toBe(1);
  });

  it('reads a collected gauge when it is rendered', async () => {
    const registry = createMetricsRegistry('1');
    let bytes = 1;
    registry.collectedGauge({ name: 'bytes', help: 'Bytes.' }, () => bytes);
    bytes = 7;
    expect(await metricSamples(registry)).toMatchObject({ bytes: 7 });
  });

  it('is independent of other registries', async () => {
    const [one, other] = [createMetricsRegistry('1'), createMetricsRegistry('1')];
    const options = { name: 'events_total', help: 'Events.' };
    one.counter(options).inc();
    other.counter(options);
    expect(await metricSamples(other)).toMatchObject({ events_total: 0 });
  });

  it('has the version, and the process metrics under their usual names', async () => {
    const { body, contentType } = await createMetricsRegistry('1.2.3').render();
    const versions = `version="1.2.3",node_version="${process.versions.node}"`;
    expect(body).toContain(`prom_metrics_adapter_build_info{${versions}} 1`);
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(body).toMatch(/^process_cpu_seconds_total /m);
    expect(body).toMatch(/^nodejs_eventloop_lag_seconds /m);
    expect(body).toMatch(/^nodejs_active_resources\{/m);
  });
});
