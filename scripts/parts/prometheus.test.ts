import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { backfill } from './backfill.ts';
import { runCommand } from './command.ts';
import { listenOnLoopback } from './listen.ts';
import { ensurePrometheus, PROMETHEUS_RELEASES, startPrometheus } from './prometheus.ts';

async function listen(answer: RequestListener) {
  const server = createServer(answer);
  return { server, port: await listenOnLoopback(server) };
}

test.each(PROMETHEUS_RELEASES)('Prometheus %s starts, is ready, and ends', async (version) => {
  const prometheus = await startPrometheus({ version });
  const ready = await fetch(`${prometheus.url}/-/ready`);
  expect(ready.status).toBe(200);
  await ready.text();
  const build = await fetch(`${prometheus.url}/api/v1/status/buildinfo`);
  const programs = await ensurePrometheus(version);
  expect(await build.json()).toMatchObject({
    data: { version: expect.stringContaining(programs.version) },
  });
  await prometheus.stop();
  expect(prometheus.isRunning()).toBe(false);
  await expect(fetch(prometheus.url)).rejects.toThrow();
});

test('each release has its own promtool, or that of the release that replaces it', async () => {
  for (const release of PROMETHEUS_RELEASES) {
    const { promtool, version } = await ensurePrometheus(release);
    expect(await runCommand(promtool, ['--version'])).toContain(version);
  }
});

test('a release whose package cannot be fetched is replaced by an older one, with a message', async () => {
  const { prometheus, promtool, version } = await ensurePrometheus();
  const directory = await mkdtemp(join(tmpdir(), 'prometheus-fallback-'));
  await symlink(prometheus, join(directory, 'prometheus'));
  await symlink(promtool, join(directory, 'promtool'));
  vi.stubEnv('PATH', directory);
  vi.stubEnv('PROM_METRICS_ADAPTER_CACHE', join(directory, 'cache'));
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    vi.resetModules();
    const { ensurePrometheus: ensureAgain } = await import('./prometheus.ts');
    const { ensureVictoriaMetrics } = await import('./victoria-metrics.ts');
    expect(await ensureAgain('3.5')).toEqual({
      prometheus: join(directory, 'prometheus'),
      promtool: join(directory, 'promtool'),
      version,
    });
    expect(await ensureVictoriaMetrics('1.145')).toBeUndefined();
    expect(written.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(
        /^Prometheus 3.5 of Debian sid is not available, using 2.53: .*apt-get/,
      ),
      expect.stringMatching(/^Prometheus 2.53 of Debian trixie is not available, using 2.42: /),
      expect.stringMatching(
        /^VictoriaMetrics 1.145 of Debian sid is not available, its tests are skipped/,
      ),
    ]);
  } finally {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await rm(directory, { recursive: true });
  }
});

test('many start at once', async () => {
  const servers = await Promise.all(Array.from({ length: 4 }, () => startPrometheus()));
  expect(new Set(servers.map(({ port }) => port)).size).toBe(4);
  await Promise.all(servers.map((server) => server.stop()));
});

test('a port in use and an invalid configuration are reported', async () => {
  const { server: other, port } = await listen(() => {});
  await expect(startPrometheus({ port })).rejects.toThrow('address already in use');
  other.close();
  await expect(startPrometheus({ config: 'scrape: 1\n' })).rejects.toThrow(
    /ended before it was ready[\s\S]*field scrape not found/,
  );
});

test('scraped samples follow the backfilled ones', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'prometheus-data-'));
  const { server: target, port } = await listen((_, response) => response.end('visits 2\n'));
  const now = Math.floor(Date.now() / 1000);
  const { promtool } = await ensurePrometheus();
  const labels = `{instance="127.0.0.1:${port}",job="web"}`;
  await backfill(
    promtool,
    dataDir,
    `visits${labels} 1 ${now - 120}\nvisits${labels} 1 ${now - 60}\n# EOF\n`,
  );
  const prometheus = await startPrometheus({
    dataDir,
    config: `scrape_configs: [{job_name: web, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`,
  });
  try {
    const query = new URLSearchParams({
      query: 'min_over_time(visits[5m]) + max_over_time(visits[5m])',
    });
    await expect
      .poll(async () => (await fetch(`${prometheus.url}/api/v1/query?${query}`)).text(), {
        timeout: 20_000,
      })
      .toContain('"3"');
  } finally {
    await prometheus.stop();
    target.close();
    await rm(dataDir, { recursive: true });
  }
});

test('text that is not OpenMetrics is rejected with the error of promtool', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'prometheus-data-'));
  const { promtool } = await ensurePrometheus();
  await expect(backfill(promtool, dataDir, 'a 1 1\n')).rejects.toThrow('does not end with # EOF');
  await rm(dataDir, { recursive: true });
});
