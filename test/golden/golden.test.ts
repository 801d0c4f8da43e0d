import { describe, expect, it } from 'vitest';
import { prometheusServer } from '../fixtures/real-servers.ts';
import { isNoDeviation, unusedSelectors } from './expectations.ts';
import { describeGoldenCases, exceptions, plan } from './golden-cases.ts';
import { caseTitle } from './recorded-cases.ts';

describe('the list of exceptions', () => {
  const cases = plan.map(({ golden }) => golden);

  it('names only cases that exist', () => {
    expect(unusedSelectors(cases, exceptions)).toEqual([]);
  });

  it('has no deviation that is equal to the recording', () => {
    const stale = plan.filter(
      ({ golden, expectation }) =>
        expectation.kind === 'deviating' && isNoDeviation(golden, expectation.deviation),
    );
    expect(stale.map(({ golden }) => `${golden.config} ${caseTitle(golden)}`)).toEqual([]);
  });
});

describeGoldenCases(await prometheusServer('2.42'), { replaysOrder: true });
