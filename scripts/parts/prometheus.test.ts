import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backfill } from './backfill.ts';
import { listenOnLoopback } from './listen.ts';
import { ensurePrometheus, startPrometheus } from './prometheus.ts';

async function listen(answer: RequestListener) {
  const server = createServer(answer);
  return { server, port: await listenOnLoopback(server) };
}

test('Prometheus starts, is ready, and ends', async () => {
  const prometheus = await startPrometheus();
  const ready = await fetch(`${prometheus.url}/-/ready`);
  expect(ready.status).toBe(200);
  await ready.text();
  await prometheus.stop();
  expect(prometheus.isRunning()).toBe(false);
  await expect(fetch(prometheus.url)).rejects.toThrow();
});

test('many start at once', async () => {
  const servers = await Promise.all(Array.from({ length: 4 }, () => startPrometheus()));
  expect(new Set(servers.map(({ port }) => port)).size).toBe(4);
  await Promise.all(servers.map((server) => server.stop()));
});

test('a port that is taken, and a faulty configuration, are told', async () => {
  const { server: other, port } = await listen(() => {});
  await expect(startPrometheus({ port })).rejects.toThrow('address already in use');
  other.close();
  await expect(startPrometheus({ config: 'scrape: 1\n' })).rejects.toThrow(
    /ended before it was ready[\s\S]*field scrape not found/,
  );
});

test('what is scraped goes on where the written past ends', async () => {
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

test('what is no OpenMetrics text is refused in the words of promtool', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'prometheus-data-'));
  const { promtool } = await ensurePrometheus();
  await expect(backfill(promtool, dataDir, 'a 1 1\n')).rejects.toThrow('does not end with # EOF');
  await rm(dataDir, { recursive: true });
});
