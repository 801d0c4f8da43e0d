import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ensurePrometheus } from '../../scripts/parts/prometheus.ts';
import { type AdapterMetrics, createMetrics } from './metrics.ts';

const NOW = 1_767_323_045_678;

function newMetrics(): AdapterMetrics {
  return createMetrics({ version: '1.2.3' }, () => NOW);
}

function recordEverything(metrics: AdapterMetrics): void {
  metrics.configLoaded(true);
  metrics.rulesConfigured('custom', 3);
  metrics.prometheusRequest('query', 'success', 0.02);
  metrics.prometheusRequest('series', 'timeout', 30);
  metrics.relisted('partial', 1.5);
  metrics.rulesFailing('custom', 1);
  metrics.metricsServed('external', 12);
  metrics.samplesLeftOut('external', 'infinite', 2);
  metrics.rulesDiscovered([
    { api: 'custom', rule: 'rules[0]', series: 0, metrics: 0, reason: 'no_series' },
  ]);
  metrics.faultSurvived();
  const done = metrics.apiRequestStarted();
  done({ verb: 'get', group: 'custom.metrics.k8s.io', resource: 'pods', code: 200 });
}

/** The samples of our own metrics, `name{labels}` to value. */
async function samples(metrics: AdapterMetrics): Promise<ReadonlyMap<string, string>> {
  const { body } = await metrics.render();
  const lines = body.split('\n').filter((line) => line.startsWith('prom_metrics_adapter_'));
  return new Map(
    lines.map((line): [string, string] => {
      const at = line.lastIndexOf(' ');
      return [line.slice('prom_metrics_adapter_'.length, at), line.slice(at + 1)];
    }),
  );
}

describe('createMetrics', () => {
  it('tells what the object index does', async () => {
    const metrics = newMetrics();
    metrics.objectsIndexed('pods', 2_000);
    metrics.objectsIndexed('nodes', 3);
    metrics.objectsIndexed('nodes', undefined);
    metrics.objectListRead('pods', 'success', 0.5);
    metrics.objectWatchEnded('pods', 'gone');
    metrics.objectEventReceived('pods', 'BOOKMARK');
    metrics.objectsAsked('pods', 'index');
    const told = Object.fromEntries(await samples(metrics));
    expect(told).toMatchObject({
      'object_index_objects{resource="pods"}': '2000',
      'object_index_lists_total{resource="pods",outcome="success"}': '1',
      'object_index_list_duration_seconds_sum{resource="pods"}': '0.5',
      'object_index_watches_ended_total{resource="pods",outcome="gone"}': '1',
      'object_index_events_total{resource="pods",type="BOOKMARK"}': '1',
      'object_requests_total{resource="pods",source="index"}': '1',
    });
    expect(told).not.toHaveProperty('object_index_objects{resource="nodes"}');
  });

  it('tells what was recorded', async () => {
    const metrics = newMetrics();
    recordEverything(metrics);
    const api = 'verb="get",group="custom.metrics.k8s.io",resource="pods"';
    const node = process.versions.node;
    expect(Object.fromEntries(await samples(metrics))).toMatchObject({
      [`build_info{version="1.2.3",node_version="${node}"}`]: '1',
      config_last_reload_successful: '1',
      config_last_reload_success_timestamp_seconds: '1767323045.678',
      'rules{api="custom"}': '3',
      'prometheus_requests_total{endpoint="query",outcome="success"}': '1',
      'prometheus_requests_total{endpoint="series",outcome="timeout"}': '1',
      'prometheus_request_duration_seconds_sum{endpoint="series"}': '30',
      'prometheus_request_duration_seconds_bucket{le="0.025",endpoint="query"}': '1',
      'relists_total{outcome="partial"}': '1',
      'relists_total{outcome="success"}': '0',
      relist_duration_seconds_sum: '1.5',
      'relist_last_timestamp_seconds{outcome="partial"}': '1767323045.678',
      'rules_failing{api="custom"}': '1',
      'served_metrics{api="external"}': '12',
      'samples_left_out_total{api="external",reason="infinite"}': '2',
      [`api_requests_total{${api},code="200"}`]: '1',
      [`api_request_duration_seconds_count{${api}}`]: '1',
      api_requests_in_flight: '0',
      faults_total: '1',
    });
  });

  it('keeps the time of the last good load when a bad one follows', async () => {
    let now = NOW;
    const metrics = createMetrics({ version: '1' }, () => now);
    metrics.configLoaded(true);
    now += 60_000;
    metrics.configLoaded(false);
    const found = await samples(metrics);
    expect(found.get('config_last_reload_successful')).toBe('0');
    expect(found.get('config_last_reload_success_timestamp_seconds')).toBe('1767323045.678');
  });

  it('counts requests that are being answered, each once', async () => {
    const metrics = newMetrics();
    const request = { verb: 'get', group: '', resource: '', code: 200 };
    const first = metrics.apiRequestStarted();
    metrics.apiRequestStarted();
    first(request);
    first(request);
    const found = await samples(metrics);
    expect(found.get('api_requests_in_flight')).toBe('1');
    expect(found.get('api_requests_total{verb="get",group="",resource="",code="200"}')).toBe('1');
  });

  it('does not let clients make up series', async () => {
    const metrics = newMetrics();
    for (let number = 0; number < 500; number += 1) {
      const done = metrics.apiRequestStarted();
      done({ verb: `v${number}`, group: `g${number}`, resource: `r${number}`, code: 404 });
      metrics.apiRequestStarted()({ verb: 'get', group: '', resource: `s${number}`, code: 200 });
    }
    const counters = [...(await samples(metrics)).keys()].filter((name) =>
      name.startsWith('api_requests_total'),
    );
    expect(counters).toContain(
      'api_requests_total{verb="other",group="other",resource="other",code="404"}',
    );
    expect(counters.length).toBeLessThanOrEqual(102);
  });

  it('knows a resource however its name is written, as the API does', async () => {
    const metrics = newMetrics();
    for (const resource of ['pods', 'Pods', 'PODS']) {
      metrics.apiRequestStarted()({ verb: 'get', group: '', resource, code: 200 });
    }
    const found = await samples(metrics);
    const counted = [...found].filter(([name]) => name.startsWith('api_requests_total'));
    expect(counted).toEqual([
      ['api_requests_total{verb="get",group="",resource="pods",code="200"}', '3'],
    ]);
  });

  it('has a registry of its own each time', async () => {
    const metrics = newMetrics();
    recordEverything(newMetrics());
    expect((await samples(metrics)).get('relists_total{outcome="partial"}')).toBe('0');
  });

  it('tells about the process by the names that every dashboard knows', async () => {
    const { body, contentType } = await newMetrics().render();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(body).toMatch(/^process_cpu_seconds_total /m);
    expect(body).toMatch(/^nodejs_eventloop_lag_seconds /m);
  });

  it('is read by promtool, which finds nothing wrong', async () => {
    const metrics = newMetrics();
    recordEverything(metrics);
    const { body } = await metrics.render();
    expect(await promtoolProblems(body)).toBe('');
    expect(body).toMatch(/^nodejs_active_resources\{/m);
    // So that the test would notice: promtool does complain about a name that is wrong.
    expect(await promtoolProblems('# TYPE a_total gauge\na_total 1\n')).toContain('a_total');
    expect(await promtoolProblems('not metrics\n')).toMatch(/error/i);
  }, 120_000);
});

async function promtoolProblems(body: string): Promise<string> {
  const { promtool } = await ensurePrometheus();
  const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(body);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return `${out}${err}`;
}
