// Published rules, the output of `check` for them, and their values.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import { check } from '../../src/commands/check.ts';
import { startPrometheusWith } from '../fixtures/real-servers.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const PODS = '{overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}';
const SERVICES = '{overrides: {namespace: {resource: namespace}, service: {resource: service}}}';

/** The output of `check` for a rules file, one finding per line, and its exit code. */
async function checked(
  rules: string,
): Promise<{ readonly code: number; readonly findings: readonly string[] }> {
  const stdout = new PassThrough();
  const printed = text(stdout);
  const stdin = Readable.from([Buffer.from(rules)]);
  const code = await check(['-'], { stdout, stderr: process.stderr, stdin });
  stdout.end();
  const findings = (await printed).split('\n').filter((line) => line.startsWith('<stdin>:'));
  return { code, findings: findings.slice(1) };
}

const NEEDS_A_SELECTOR = `externalRules:
- seriesQuery: 'desired_units'
  metricsQuery: 'max(<<.Series>>{<<.LabelMatchers>>,unit!=""})'
  resources: {namespaced: false}
- seriesQuery: 'desired_units'
  name: {as: units_in_window}
  metricsQuery: 'max(max_over_time(desired_units[<<index .LabelValuesByName "window">>]))'
  resources: {namespaced: false}
`;

const OR_ZERO = `rules:
- seriesQuery: 'calls_total{service!="",namespace!=""}'
  resources: ${SERVICES}
  name: {as: inside}
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m]) or vector(0)) by (<<.GroupBy>>)'
- seriesQuery: 'calls_total{service!="",namespace!=""}'
  resources: ${SERVICES}
  name: {as: outside}
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>) or on() vector(0)'
`;

const OR_ABSENT = `rules:
- seriesQuery: 'calls_total{service!="",namespace!=""}'
  resources: ${SERVICES}
  name: {as: calls}
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>) or clamp_max(absent(<<.Series>>{<<.LabelMatchers>>}), 0)'
`;

describe('check', () => {
  it('warns about an external rule that needs a label selector, and accepts it', async () => {
    const { code, findings } = await checked(NEEDS_A_SELECTOR);
    expect(code).toBe(0);
    expect(findings).toEqual([
      '<stdin>:3:52: warning: externalRules[0].metricsQuery: a request needs a label selector and fails without one: the generated query is not PromQL: unexpected `,`, expected a label name or `}`, in: max(desired_units{,unit!=""})',
      expect.stringMatching(
        /^<stdin>:7:\d+: warning: externalRules\[1\]\.metricsQuery: a request needs a label selector /,
      ),
    ]);
  });

  it('warns about several samples for one object, once per rule', async () => {
    const { code, findings } = await checked(`rules:
- seriesQuery: 'jobs_total{namespace!="",pod!=""}'
  resources: ${PODS}
  name: {as: unaggregated}
  metricsQuery: 'rate(<<.Series>>{<<.LabelMatchers>>}[1m])'
- seriesQuery: 'jobs_total{namespace!="",pod!=""}'
  resources: ${PODS}
  name: {as: by_more}
  metricsQuery: 'sum by (<<.GroupBy>>, code) (rate(<<.Series>>{<<.LabelMatchers>>}[1m]))'
- seriesQuery: 'pod_info{namespace!="",pod!=""}'
  resources: ${PODS}
  name: {as: or_zero}
  metricsQuery: 'sum(rate(jobs_total{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>) or (0 * pod_info{<<.LabelMatchers>>})'
`);
    const advice =
      'of which only the last is used: aggregate `by (<<.GroupBy>>)` only, e.g. sum by (<<.GroupBy>>) (...)';
    expect(code).toBe(0);
    expect(findings).toEqual([
      `<stdin>:5:17: warning: rules[0].metricsQuery: an object may have several samples, ${advice}`,
      `<stdin>:9:17: warning: rules[1].metricsQuery: an object may have several samples, one for each \`code\`, ${advice}`,
      `<stdin>:13:17: warning: rules[2].metricsQuery: an object may have several samples, ${advice}`,
    ]);
  });

  it('warns about matchers that are in seriesQuery only', async () => {
    const rules = (metricsQuery: string): string => `rules:
- seriesQuery: 'mesh_requests_total{reporter="destination",namespace!="",pod!=""}'
  resources: ${PODS}
  metricsQuery: ${metricsQuery}
`;
    expect(
      await checked(rules('sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)')),
    ).toEqual({
      code: 0,
      findings: [
        '<stdin>:4:17: warning: rules[0].metricsQuery: `reporter="destination"` is in seriesQuery only, so the value includes all values of `reporter`: add it to the selector in metricsQuery',
      ],
    });
    const whole =
      'sum(rate(<<.Series>>{reporter="destination",<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)';
    expect((await checked(rules(whole))).findings).toEqual([]);
  });

  it('warns about a 0 that is never the value of an object, and not about its own suggestion', async () => {
    const { code, findings } = await checked(OR_ZERO);
    const message =
      '`vector` gives a sample without the label `service`, so this side of `or` is never the value of services: for a value when there are no series, write `or clamp_max(absent(x{<<.LabelMatchers>>}), 0)`';
    expect(code).toBe(0);
    expect(findings).toEqual([
      `<stdin>:5:67: warning: rules[0].metricsQuery: ${message}`,
      `<stdin>:9:91: warning: rules[1].metricsQuery: ${message}`,
    ]);
    expect(await checked(OR_ABSENT)).toEqual({ code: 0, findings: [] });
  });

  it('warns about a containerQuery that counts the whole pod as a container', async () => {
    const { code, findings } = await checked(`resourceRules:
  cpu: &r
    containerQuery: sum(rate(cpu_total{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)
    nodeQuery: sum(rate(cpu_total{<<.LabelMatchers>>,id='/'}[1m])) by (<<.GroupBy>>)
    resources: {overrides: {node: {resource: node}, namespace: {resource: namespace}, pod: {resource: pod}}}
    containerLabel: container
  memory: *r
`);
    expect(code).toBe(0);
    expect(findings).toHaveLength(2);
    expect(findings[0]).toContain(
      '<stdin>:3:21: warning: resourceRules.cpu.containerQuery: the query does not exclude container="" (the cgroup of the whole pod) and container="POD", so pods count twice',
    );
  });
});

describe('served', () => {
  let directory: string;
  let prometheus: RunningPrometheus;
  let adapter: StandaloneAdapter;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'practice-'));
    const now = Math.floor(Date.now() / 1000);
    // A sample every 10 s, also for the time that the test takes.
    const times = Array.from({ length: 60 }, (_, index) => now - 300 + index * 10);
    const lines = [
      ...times.map((at) => `desired_units{unit="u-1",target="web"} 3 ${at}`),
      ...times.map((at) => `desired_units{unit="u-2",target="api"} 5 ${at}`),
      ...times.map(
        (at) => `calls_total{service="api",namespace="n"} ${(at - now) * 3 + 1000} ${at}`,
      ),
    ];
    prometheus = await startPrometheusWith(`${lines.join('\n')}\n# EOF\n`);
    const config = join(directory, 'rules.yaml');
    await writeFile(config, `${NEEDS_A_SELECTOR}${OR_ABSENT}`);
    adapter = await startStandaloneAdapter({
      config,
      prometheusUrl: prometheus.url,
      certificates: directory,
      flags: ['--metrics-max-age=1h'],
    });
  });

  afterAll(async () => {
    await adapter?.stop();
    await prometheus?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function metricAt(path: string): Promise<unknown> {
    const { status, body } = await adapter.get(path);
    return status === 200 ? JSON.parse(body).items[0]?.value : status;
  }

  const external = '/apis/external.metrics.k8s.io/v1beta1/namespaces/default';
  const services = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/n/services';

  it('an external rule that needs a label selector works with one', async () => {
    expect(await metricAt(`${external}/desired_units?labelSelector=target%3Dweb`)).toBe('3');
    expect(await metricAt(`${external}/units_in_window?labelSelector=window%3D5m`)).toBe('5');
  });

  it('the suggested replacement of `or vector(0)` is the value of a service without series', async () => {
    expect(await metricAt(`${services}/quiet/calls`)).toBe('0');
    expect(await metricAt(`${services}/api/calls`)).toBe('3');
  });
});
