import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { ensurePrometheus } from '../../scripts/parts/prometheus.ts';
import { createMonitoring } from '../../src/commands/serve/monitoring.ts';

it('has metrics that promtool accepts', async () => {
  const metrics = createMonitoring();
  metrics.relisted('partial', 1.5);
  metrics.samplesLeftOut('external', 'infinite', 2);
  metrics.uncaughtError();
  metrics.apiRequestStarted()({ verb: 'get', group: '', resource: 'pods', code: 200 });
  const { body } = await metrics.render();
  expect(body).toContain('prom_metrics_adapter_uncaught_errors_total 1');
  expect(await promtoolProblems(body)).toBe('');
  // Shows that promtool reports a wrong name.
  expect(await promtoolProblems('# TYPE a_total gauge\na_total 1\n')).toContain('a_total');
  expect(await promtoolProblems('not metrics\n')).toMatch(/error/i);
}, 120_000);

async function promtoolProblems(body: string): Promise<string> {
  const { promtool } = await ensurePrometheus();
  const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(body);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return `${out}${err}`;
}
