// The lines of the log that docs/troubleshooting.md quotes are those that the adapter writes.
import { readFileSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const guide = readFileSync(join(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8');

/** What `log` blocks of the document quote. */
const quoted = [...guide.matchAll(/^```log\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
  block.trimEnd().split('\n'),
);

const RESOURCES = '{overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}';

const RULES = `rules:
- seriesQuery: 'http_requests_total{namespace!="",pod!=""}'
  resources: ${RESOURCES}
  name: {as: http_requests_per_second}
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)'
- seriesQuery: 'queue_length{namespace!="",pod!=""}'
  resources: ${RESOURCES}
  metricsQuery: '<<.Series>>{<<.LabelMatchers>>}'
- seriesQuery: 'queue_length{namespace!="",pod!=""}'
  resources: ${RESOURCES}
  name: {as: queue_total}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>})'
- seriesQuery: jobs_waiting
  resources: ${RESOURCES}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
- seriesQuery: 'not_there{namespace!=""}'
  resources: {overrides: {namespace: {resource: namespace}}}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
- seriesQuery: 'http_requests_total{namespace!="",pod!=""}'
  seriesFilters: [{is: '_seconds$'}]
  resources: ${RESOURCES}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
externalRules:
- seriesQuery: lag
  resources: {overrides: {namespace: {resource: namespace}}}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (topic)'
`;

const exporter = createServer((_, response) => {
  response.setHeader('Content-Type', 'text/plain; version=0.0.4');
  response.end(`http_requests_total{namespace="shop",pod="web-0"} 5
queue_length{namespace="shop",pod="web-0",queue="a"} 3
queue_length{namespace="shop",pod="web-0",queue="b"} 4
jobs_waiting{kubernetes_namespace="shop",kubernetes_pod_name="web-0"} 3
lag{topic="orders"} 5
`);
});

let directory: string;
let prometheus: RunningPrometheus;
let adapter: StandaloneAdapter;
const log: string[] = [];

/** The lines so far as the document writes them: without times, and with the same address always. */
function lines(): readonly string[] {
  return log.map((line) =>
    line.replace(/^\S+Z /, '').replaceAll(/127\.0\.0\.1:\d+/g, 'prometheus:9090'),
  );
}

/** At once: a file that is still empty would be an edit, too. */
async function replaceRules(text: string): Promise<void> {
  await writeFile(join(directory, 'new.yaml'), text);
  await rename(join(directory, 'new.yaml'), join(directory, 'rules.yaml'));
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'troubleshooting-'));
  await writeFile(join(directory, 'rules.yaml'), RULES);
  const target = `127.0.0.1:${await listenOnLoopback(exporter)}`;
  const job = { job_name: 'a', scrape_interval: '1s', honor_labels: true };
  const scrape = { ...job, static_configs: [{ targets: [target] }] };
  prometheus = await startPrometheus({ config: JSON.stringify({ scrape_configs: [scrape] }) });
  adapter = await startStandaloneAdapter({
    config: 'rules.yaml',
    cwd: directory,
    prometheusUrl: prometheus.url,
    flags: ['--metrics-relist-interval=1s', '--metrics-max-age=1m'],
    onLine: (line) => log.push(line),
  });
});

afterAll(async () => {
  await adapter?.stop();
  await prometheus?.stop();
  exporter.close();
  await rm(directory, { recursive: true, force: true });
});

describe('docs/troubleshooting.md', () => {
  it('quotes lines that the adapter logs', async () => {
    await expect.poll(() => lines().join('\n')).toContain('rules[1]: has metrics now');
    await expect.poll(async () => (await ask('pods/*/queue_length')).status).toBe(200);
    expect((await ask('pods/web-9/http_requests_per_second')).status).toBe(404);
    expect((await ask('pods/web-0/queue_total')).status).toBe(404);
    await adapter.get('/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/lag');
    await replaceRules(RULES.replace('by (<<.GroupBy>>)', 'by <<.GroupBy>>)'));
    await expect.poll(() => lines().join('\n')).toContain('rules file rejected');
    await prometheus.kill();
    await expect.poll(() => lines().join('\n')).toContain('Prometheus unreachable, failing fast');

    expect(quoted.length).toBeGreaterThan(10);
    expect(quoted.filter((line) => !lines().includes(line))).toEqual([]);
  });

  it.each([
    ['prometheus/client/client.ts', 'the response is partial'],
    ['prometheus/client/answer-memory.ts', 'the response is larger than'],
    ['commands/serve/report-notices.ts', 'a response of Prometheus is partial and'],
    ['commands/serve/report-clock.ts', 'clock skew between Prometheus and this machine'],
  ])('quotes messages of %s', (file, message) => {
    expect(guide).toContain(message);
    expect(readFileSync(join(import.meta.dirname, '../../src', file), 'utf8')).toContain(message);
  });
});

function ask(what: string) {
  return adapter.get(`/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/${what}`);
}
