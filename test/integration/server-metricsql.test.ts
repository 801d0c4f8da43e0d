// Rules in MetricsQL are treated alike at start, in `check` and on reload.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../scripts/parts/command.ts';
import { type RunningServer, victoriaMetricsServer } from '../fixtures/real-servers.ts';
import { startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;
const NEEDS_FLAG = /looks like MetricsQL, which needs --check-promql=false/;

const rulesOf = (as: string, metricsQuery: string) =>
  JSON.stringify({
    rules: [
      {
        seriesQuery: 'web_queue',
        resources: {
          overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } },
        },
        name: { as },
        metricsQuery,
      },
    ],
  });

const PROMQL = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
const METRICSQL = 'WITH (f = {<<.LabelMatchers>>}) sum(<<.Series>>{f}) by (<<.GroupBy>>)';
const value = (name: string) =>
  `/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/web-1/${name}`;

const victoriaMetrics = await victoriaMetricsServer('1.145');

describe.skipIf(victoriaMetrics.isMissing)('a rule in MetricsQL', () => {
  let directory: string;
  let server: RunningServer;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'metricsql-'));
    const now = Math.floor(Date.now() / 1000);
    const times = Array.from({ length: 60 }, (_, step) => now - 300 + step * 15);
    const lines = times.map((at) => `web_queue{namespace="shop",pod="web-1"} 2 ${at}`);
    server = await victoriaMetrics.start(`${lines.join('\n')}\n# EOF\n`);
  });

  afterAll(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function adapterOf(rules: string, flags: readonly string[]) {
    const config = join(directory, 'rules.yaml');
    await writeFile(config, rules);
    const adapter = await startStandaloneAdapter({
      config,
      prometheusUrl: server.url,
      certificates: directory,
      flags: ['--prometheus-stall-timeout=0s', ...flags],
    });
    return { ...adapter, reload: (text: string) => writeFile(config, text) };
  }

  async function check(rules: string, ...flags: readonly string[]): Promise<string> {
    const config = join(directory, 'checked.yaml');
    await writeFile(config, rules);
    return runCommand(process.execPath, [MAIN, 'check', ...flags, config]);
  }

  test('works with --check-promql=false: in check, at start and on reload', async () => {
    const flag = '--check-promql=false';
    await check(rulesOf('first', METRICSQL), flag);
    const adapter = await adapterOf(rulesOf('first', METRICSQL), [flag]);
    try {
      expect((await adapter.get(value('first'))).body).toContain('"value":"2"');
      await adapter.reload(rulesOf('second', METRICSQL));
      await expect.poll(async () => (await adapter.get(value('second'))).body).toContain('"2"');
    } finally {
      await adapter.stop();
    }
  });

  test('is broken without the flag, and all three name the flag', async () => {
    await expect(check(rulesOf('first', METRICSQL))).rejects.toThrow(NEEDS_FLAG);
    const started = await adapterOf(rulesOf('first', METRICSQL), []);
    expect(started.stdoutTail()).toMatch(NEEDS_FLAG);
    await started.stop();
    const adapter = await adapterOf(rulesOf('first', PROMQL), []);
    try {
      await adapter.reload(rulesOf('second', METRICSQL));
      await expect.poll(() => adapter.stdoutTail()).toMatch(NEEDS_FLAG);
      expect((await adapter.get(value('first'))).status).toBe(200);
    } finally {
      await adapter.stop();
    }
  });
});
