import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureKubectl } from '../../scripts/parts/kubectl.ts';
import { type RunningProcess, startProcess } from '../../scripts/parts/process.ts';

const root = path.join(import.meta.dirname, '../..');
const run = promisify(execFile);

let demo: RunningProcess;
let kubectl: string;

/** The arguments of the command that the demo prints. */
function printedKubectl(): readonly string[] {
  const [, kubeconfig = '', target = ''] =
    /kubectl --kubeconfig (\S+) get --raw '([^']+)'/.exec(demo.stdoutTail()) ?? [];
  return ['--kubeconfig', kubeconfig, 'get', '--raw', target];
}

beforeAll(async () => {
  kubectl = await ensureKubectl();
  demo = await startProcess({
    name: 'the demo',
    command: process.execPath,
    args: [path.join(root, 'scripts/demo.ts')],
    isReady: (output) => output.includes('Ctrl-C stops it'),
    readyTimeoutMs: 110_000,
    stopTimeoutMs: 20_000,
  });
});

afterAll(() => demo?.stop());

describe('make demo', () => {
  it('shows the metric and its value growing', () => {
    expect(demo.stdoutTail()).toContain('"pods/nginx_http_requests_total"');
    const thousandths = [...demo.stdoutTail().matchAll(/nginx-0 (\d+)(m?)\b/g)].map(
      ([, number, unit]) => Number(number) * (unit === 'm' ? 1 : 1000),
    );
    expect(thousandths.length).toBeGreaterThanOrEqual(3);
    expect(thousandths.at(-1)).toBeGreaterThan(thousandths[0] ?? Number.NaN);
  });

  it('prints a kubectl command that works', async () => {
    const { stdout } = await run(kubectl, [...printedKubectl()]);
    const list: unknown = JSON.parse(stdout);
    expect(list).toMatchObject({
      kind: 'MetricValueList',
      apiVersion: 'custom.metrics.k8s.io/v1beta2',
      items: [
        {
          describedObject: {
            kind: 'Pod',
            namespace: 'default',
            name: 'nginx-0',
            apiVersion: '/v1',
          },
          metric: { name: 'nginx_http_requests_total', selector: null },
          value: expect.stringMatching(/^[1-9]\d*m?$/),
        },
        { describedObject: { name: 'nginx-1' } },
      ],
    });
  });

  it('answers kubectl about the namespace, and explains why it cannot select objects', async () => {
    const [, kubeconfig = ''] = printedKubectl();
    const get = (target: string) =>
      run(kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', target]);
    const api = '/apis/custom.metrics.k8s.io/v1beta1/namespaces/default';
    const { stdout } = await get(`${api}/metrics/nginx_http_requests_total`);
    expect(JSON.parse(stdout)).toMatchObject({
      items: [{ describedObject: { kind: 'Namespace', name: 'default' } }],
    });
    await expect(
      get(`${api}/pods/*/nginx_http_requests_total?labelSelector=app%3Dnginx`),
    ).rejects.toThrow(/--standalone has no objects with labels/);
  });

  it('shows in the log that a rule change is loaded, and why another is rejected', async () => {
    const [good = '', bad = ''] = demo.stdoutTail().match(/sed -i .*rules\.yaml/g) ?? [];
    const loads = () => demo.stdoutTail().split('rules loaded').length - 1;
    expect(loads()).toBe(1);
    await run('/bin/sh', ['-c', good]);
    await expect.poll(loads).toBe(2);
    await run('/bin/sh', ['-c', bad]);
    await expect.poll(demo.stdoutTail).toContain('keeping the last valid version');
    expect(demo.stdoutTail()).toMatch(/\| .*rules\.yaml:12:\d+: broken: rules\[0\]\.metricsQuery/);
  });

  it('explains quantities', () => {
    expect(demo.stdoutTail()).toMatch(/ (\d+m is \d+\.\d+|497m is 0\.497)/);
  });

  it('serves the discovery document of API groups', async () => {
    const [, kubeconfig = ''] = printedKubectl();
    const { stdout } = await run(kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', '/apis']);
    expect(stdout).toContain('custom.metrics.k8s.io/v1beta2');
  });

  it('stops everything that it started on Ctrl-C', async () => {
    const started = [...demo.stdoutTail().matchAll(/https?:\/\/127\.0\.0\.1:(\d+)/g)].map(
      ([, port]) => Number(port),
    );
    expect(new Set(started).size).toBe(2);
    demo.signal('SIGINT');
    await expect.poll(() => demo.isRunning()).toBe(false);
    for (const port of started) {
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    }
  });
});
