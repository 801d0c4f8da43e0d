import { describe, expect, test } from 'vitest';
import {
  ensureVictoriaMetrics,
  startVictoriaMetrics,
  VICTORIA_METRICS_RELEASES,
} from './victoria-metrics.ts';

describe.each(VICTORIA_METRICS_RELEASES)('VictoriaMetrics %s', async (version) => {
  const program = await ensureVictoriaMetrics(version);

  test.skipIf(program === undefined)(
    'starts, answers with imported samples, and ends',
    async () => {
      const server = await startVictoriaMetrics({ version });
      const at = Math.floor(Date.now() / 1000) - 60;
      await server.importSamples(`# TYPE visits gauge\nvisits{page="a b"} 3 ${at}\n# EOF\n`);
      const query = new URLSearchParams({ query: 'visits' });
      const answer = await fetch(`${server.url}/api/v1/query?${query}`);
      expect(await answer.json()).toMatchObject({
        data: { result: [{ metric: { page: 'a b' }, value: [expect.any(Number), '3'] }] },
      });
      await server.stop();
      expect(server.isRunning()).toBe(false);
    },
  );
});
