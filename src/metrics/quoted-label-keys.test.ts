import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { parseLabelSelector } from '../apimachinery/label-selector-parser.ts';
import type { QueryAnswer, QueryOrigin } from '../prometheus/sharing/query-runner.ts';
import type { RuleKind } from '../rules/rule.ts';
import { MetricsError } from './metrics-error.ts';
import { tellRefusedKeys } from './quoted-label-keys.ts';

class Refusal extends Error {}

const found: QueryAnswer = { type: 'scalar', value: 1, timestamp: 1 };

/** Runs a query for a selector, on a server that answers or fails. */
function run(answer: QueryAnswer | Error, origin: QueryOrigin | undefined) {
  const runner = tellRefusedKeys(
    {
      async query() {
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    (error) => error instanceof Refusal,
  );
  return runner.query('up', { origin });
}

function originOf(selector: string, kind: RuleKind = 'custom'): QueryOrigin {
  const request = { series: 'x', selector: parseLabelSelector(selector), groupBy: [] };
  return { rule: compiledRule({}, kind), request };
}

describe('a query with a label that needs quotes', () => {
  it('is answered where the server takes it', async () => {
    expect(await run(found, originOf('x.y/z=1'))).toBe(found);
  });

  it.each([
    ['custom', 'metricLabelSelector'],
    ['external', 'labelSelector'],
  ] as const)('is a bad request of a %s metric where the server refuses it', async (kind, name) => {
    const refusal = new Refusal();
    const error: unknown = await run(refusal, originOf('a=1,x.y/z=1', kind)).catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(MetricsError);
    expect(error).toMatchObject({
      reason: 'BadRequest',
      cause: refusal,
      message: `${name}: Prometheus does not accept the label "x.y/z": expected letters, digits and underscores, not beginning with a digit (other names need Prometheus 3)`,
    });
  });

  it('fails as it does where the failure is no refusal', async () => {
    const down = new Error('down');
    await expect(run(down, originOf('x.y/z=1'))).rejects.toBe(down);
  });
});

it('passes on the refusal of any other query', async () => {
  const refusal = new Refusal();
  await expect(run(refusal, originOf('a=1'))).rejects.toBe(refusal);
  await expect(run(refusal, undefined)).rejects.toBe(refusal);
});
