// A Prometheus in agent mode cannot answer queries: the adapter logs it and is not ready.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensurePrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

test.each(['2.42', '3.5'] as const)('Prometheus %s in agent mode', async (version) => {
  const directory = await mkdtemp(join(tmpdir(), 'prometheus-agent-'));
  const programs = await ensurePrometheus(version);
  const isOld = programs.version.startsWith('2.');
  const agent = await startPrometheus({
    version,
    config: 'remote_write: [{url: "http://127.0.0.1:1/"}]\n',
    isAgent: true,
    flags: [isOld ? '--enable-feature=agent' : '--agent'],
  });
  try {
    const config = join(directory, 'rules.yaml');
    const rule = {
      seriesQuery: 'load',
      resources: { template: '<<.Resource>>' },
      metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
    };
    await writeFile(config, JSON.stringify({ rules: [rule] }));
    const adapter = await startStandaloneAdapter({
      config,
      prometheusUrl: agent.url,
      certificates: directory,
      until: 'live',
    });
    try {
      await expect
        .poll(() => adapter.stdoutTail())
        .toMatch(/series query failed.*this Prometheus runs in agent mode and has no query API/);
      expect((await adapter.get('/readyz')).status).toBe(500);
    } finally {
      await adapter.stop();
    }
  } finally {
    await agent.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
