// Rules files at the limit of their size: requests are answered while one is read.
import { readFileSync } from 'node:fs';
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProcess } from '../../scripts/parts/process.ts';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { check } from '../../src/commands/check.ts';
import { longQueries, manyRules } from '../fixtures/large-rules-file.ts';
import { type LimitedAdapter, pod, startLimitedAdapter } from '../fixtures/limited-adapter.ts';
import { servingPort } from '../fixtures/serving-port.ts';

/** Bars of milliseconds: of `check`, of a start, and of the event loop. */
const CHECK_MS = 2_000;
const START_DELAY_MS = 1_000;
const BLOCKED_MS = 50;
const RULES = 1_100;

const program = join(import.meta.dirname, '../../dist/main.js');
let prometheus: RunningPrometheus;
beforeAll(async () => {
  prometheus = await startPrometheus();
});
afterAll(() => prometheus.stop());

function start(rules: string): Promise<LimitedAdapter> {
  return startLimitedAdapter({
    prometheusUrl: prometheus.url,
    rules,
    objects: [pod('shop', 'web-0')],
    review: (_path, document) => ({ ...Object(document), status: { allowed: true } }),
  });
}

/** How long a start takes until requests are taken, and how much of a processor. */
async function startUntilServing(
  rules: string,
): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'large-rules-'));
  const config = join(directory, 'rules.yaml');
  await writeFile(config, rules);
  const began = performance.now();
  const running = await startProcess({
    name: 'the adapter',
    command: process.execPath,
    args: [
      program,
      '--standalone',
      `--config=${config}`,
      `--prometheus-url=${prometheus.url}`,
      `--cert-dir=${directory}`,
      '--secure-port=0',
    ],
    isReady: (output) => servingPort(output) !== undefined,
  });
  const wallMs = performance.now() - began;
  const cpuMs = cpuTimeMs(running.pid);
  await running.stop();
  await rm(directory, { recursive: true });
  return { wallMs, cpuMs };
}

/** What all threads of a process have used: user and system time, in ticks of 10 ms (proc(5)). */
function cpuTimeMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Waits until the rules of an edit are loaded. */
async function rulesTaken(adapter: LimitedAdapter, rules: number): Promise<void> {
  const taken = new RegExp(`rules loaded.*"?rules"?[=:]${rules}\\b`);
  await expect.poll(adapter.stdoutTail).toMatch(taken);
}

describe('a rules file of 1,100 rules', () => {
  it('is checked within 2 s', async () => {
    const stdout = new PassThrough();
    const printed = text(stdout);
    const stdin = Readable.from([Buffer.from(manyRules(RULES))]);
    const [began, cpuBegan] = [performance.now(), process.cpuUsage()];
    const code = await check(['-'], { stdout, stderr: process.stderr, stdin });
    const cpu = process.cpuUsage(cpuBegan);
    stdout.end();
    // On a machine that has other things to do, the time that the processor took.
    const took = Math.min(performance.now() - began, (cpu.user + cpu.system) / 1000);
    expect(took).toBeLessThan(CHECK_MS);
    expect(await printed).toContain(
      `${RULES} custom rules, 0 external rules; 0 errors, 0 broken, `,
    );
    expect(code).toBe(0);
  });

  it('delays the start by less than 1 s', async () => {
    const small = await startUntilServing(manyRules(1));
    const large = await startUntilServing(manyRules(RULES));
    const delay = Math.min(large.wallMs - small.wallMs, large.cpuMs - small.cpuMs);
    expect(delay).toBeLessThan(START_DELAY_MS);
  });

  it('does not block requests during a reload, and logs a limited number of lines', async () => {
    const adapter = await start(manyRules(RULES));
    const file = join(adapter.directory, 'rules.yaml');
    const probe = adapter.probe('/apis/custom.metrics.k8s.io/v1beta2', 'autoscaler');
    await adapter.eventLoop();
    await appendFile(
      file,
      '- {seriesQuery: up, resources: {template: <<.Resource>>}, metricsQuery: up}\n',
    );
    await rulesTaken(adapter, RULES + 1);
    const { maxMs } = await adapter.eventLoop();
    const { outcomes, requests } = await probe.stop();
    expect(maxMs).toBeLessThan(BLOCKED_MS);
    expect(outcomes).toEqual({ 200: requests });
    expect(adapter.peakMemoryBytes()).toBeLessThanOrEqual(adapter.memory.limitBytes);
    // The last 16 KiB of the log have the first warnings of the edit, for there are few.
    expect(adapter.stdoutTail()).toContain('warning: rules[0].metricsQuery: ');
    expect(adapter.stdoutTail()).toContain('more diagnostics of one kind are not logged');
    await adapter.stop();
  });
});

describe('a rules file of long queries', () => {
  it.each([
    [8, 50_000],
    [2, 150_000],
  ])('blocks no request: %d of %d characters', async (count, characters) => {
    const adapter = await start(manyRules(1));
    const probe = adapter.probe('/apis/custom.metrics.k8s.io/v1beta2', 'autoscaler');
    await adapter.eventLoop();
    await writeFile(join(adapter.directory, 'rules.yaml'), longQueries(count, characters));
    await rulesTaken(adapter, count);
    const { maxMs } = await adapter.eventLoop();
    const { outcomes, requests } = await probe.stop();
    expect(maxMs).toBeLessThan(BLOCKED_MS);
    expect(outcomes).toEqual({ 200: requests });
    expect(adapter.peakMemoryBytes()).toBeLessThanOrEqual(adapter.memory.limitBytes);
    await adapter.stop();
  });
});

describe('a rules file above the size limit', () => {
  it('is rejected without being read', async () => {
    const adapter = await start(manyRules(1));
    await adapter.eventLoop();
    // 1 TiB of which no byte is on the disk.
    await truncate(join(adapter.directory, 'rules.yaml'), 2 ** 40);
    await expect.poll(adapter.stdoutTail).toContain('keeping the last valid version');
    expect(adapter.stdoutTail()).toContain('too large: expected at most 2097152 bytes');
    expect((await adapter.eventLoop()).maxMs).toBeLessThan(BLOCKED_MS);
    await adapter.stop();
  });
});
