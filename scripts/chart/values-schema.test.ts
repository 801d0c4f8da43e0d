import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { knownValues, valuesSchema } from './values-schema.ts';

const chart = new URL('../../charts/prom-metrics-adapter/', import.meta.url);

async function written(file: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(file, chart), 'utf8'));
}

describe('the schema of the values', () => {
  it('has the rules of config/schema.json; if not, run scripts/write-chart-schema.ts', async () => {
    expect(await written('values.schema.json')).toEqual(valuesSchema());
    expect(await written('files/known-values.json')).toEqual(knownValues());
  });

  it('treats null as absent, and leaves unknown and missing keys to the check of the chart', () => {
    const { rulesFile } = valuesSchema().definitions ?? {};
    const rule = rulesFile?.definitions?.rule;
    expect(rule).toMatchObject({
      type: ['object', 'null'],
      properties: {
        seriesQuery: { type: ['string', 'null'] },
        resources: { $ref: '#/definitions/rulesFile/definitions/resources' },
      },
    });
    expect(rule).not.toHaveProperty('additionalProperties');
    expect(rule).not.toHaveProperty('required');
  });
});

describe('the known values', () => {
  it('have keys at every depth, items of lists and values of free keys', () => {
    const overrides = { values: { keys: { group: {}, resource: {} }, required: ['resource'] } };
    expect(knownValues().known.keys?.rules?.keys?.custom).toMatchObject({
      items: {
        keys: { resources: { keys: { overrides, template: {} } } },
        required: ['seriesQuery', 'metricsQuery'],
      },
    });
    expect(knownValues().known.keys).toMatchObject({
      affinity: {},
      extraArguments: { items: {} },
      networkPolicy: { keys: { ingress: { keys: { from: { items: {} } } } } },
    });
  });

  it('report where a key belongs', () => {
    expect(knownValues().places).toMatchObject({
      replicas: [''],
      overrides: expect.arrayContaining(['rules.custom[].resources', 'rules.external[].resources']),
      metricsFrom: ['networkPolicy.ingress'],
    });
  });
});
