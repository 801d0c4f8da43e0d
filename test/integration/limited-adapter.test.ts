// The instruments of the attack tests: each must be able to fail.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startProcess } from '../../scripts/parts/process.ts';
import { startPrometheus } from '../../scripts/parts/prometheus.ts';
import type { EventLoopReading } from '../fixtures/event-loop-delay.ts';
import { pod, startLimitedAdapter } from '../fixtures/limited-adapter.ts';
import { limitMemory } from '../fixtures/memory-limit.ts';

const isReady = (output: string): boolean => output.includes('ready');

it('a process that needs more than its memory limit is killed, or has a peak above it', async () => {
  const limit = await limitMemory(64 * 2 ** 20);
  const fill = 'const b = Buffer.alloc(200 * 2 ** 20, 1); setInterval(() => b, 100);';
  const code = `console.log('ready'); setTimeout(() => { ${fill} }, 500); setInterval(() => {}, 100)`;
  const [command, args] = limit.wrap(process.execPath, ['-e', code]);
  const running = await startProcess({ name: 'a large process', command, args, isReady });
  const peak = (): number => (running.isRunning() ? limit.peakBytes(running.pid) : Number.NaN);
  if (limit.enforcedBy === 'cgroup') await expect.poll(running.isRunning).toBe(false);
  else await expect.poll(peak).toBeGreaterThan(200 * 2 ** 20);
  await running.kill();
  await limit.remove();
});

it('a blocked event loop is measured', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'event-loop-'));
  const file = join(directory, 'reading.json');
  const block = 'const end = performance.now() + 300; while (performance.now() < end);';
  const code = `setTimeout(() => { ${block} console.log('ready'); }, 200); setInterval(() => {}, 100)`;
  const preload = new URL('../fixtures/event-loop-delay.ts', import.meta.url).href;
  const running = await startProcess({
    name: 'a blocked process',
    command: process.execPath,
    args: [`--import=${preload}`, '-e', code],
    env: { ...process.env, EVENT_LOOP_DELAY_FILE: file },
    isReady,
  });
  running.signal('SIGUSR2');
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).not.toBe('');
  const reading: EventLoopReading = JSON.parse(await readFile(file, 'utf8'));
  // Less what the process had to wait for a processor meanwhile.
  expect(reading.rawMaxMs).toBeGreaterThan(290);
  expect(reading.maxMs + reading.waitedForCpuMs).toBeGreaterThan(290);
  await running.stop();
  await rm(directory, { recursive: true });
});

it('an adapter at rest answers an autoscaler within its memory limit', async () => {
  const prometheus = await startPrometheus();
  const adapter = await startLimitedAdapter({
    prometheusUrl: prometheus.url,
    rules: `rules:
- seriesQuery: up
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
  metricsQuery: up{<<.LabelMatchers>>}
`,
    objects: [pod('shop', 'web-0', { app: 'web' })],
    review: (_path, document) => ({ ...Object(document), status: { allowed: true } }),
  });
  const probe = adapter.probe('/apis/custom.metrics.k8s.io/v1beta2', 'autoscaler');
  await sleep(500);
  const { outcomes, requests } = await probe.stop();
  expect(requests).toBeGreaterThan(1);
  expect(outcomes).toEqual({ 200: requests });
  expect(adapter.peakMemoryBytes()).toBeLessThanOrEqual(adapter.memory.limitBytes);
  const { samples, p999Ms, maxMs } = await adapter.eventLoop();
  expect(samples).toBeGreaterThan(0);
  expect(maxMs).toBeGreaterThanOrEqual(p999Ms);
  await adapter.stop();
  await prometheus.stop();
});
