import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import { createResourceMapper } from '../kubernetes/discovery/resource-mapper.ts';
import { namespaceLabelOf, queryKey, requiredLabels } from './required-labels.ts';

const mapper = builtinResourceMapper();
const overrides = { namespace: 'namespace', pod: 'pod' };

describe('requiredLabels', () => {
  it('has the labels of all rules with a series query, in the order of the rules', () => {
    const template = compiledRule({ seriesQuery: 'b', template: '<<.Resource>>' });
    const needs = requiredLabels(
      {
        custom: [
          compiledRule({ seriesQuery: 'a', overrides }),
          template,
          compiledRule({ seriesQuery: 'a', overrides: { node: 'node', __name__: 'service' } }),
        ],
        external: [compiledRule({ seriesQuery: 'c', overrides: { __name__: 'pod' } }, 'external')],
      },
      mapper,
    );
    expect([...needs]).toEqual([
      ['a', { seriesQuery: 'a', labels: new Set(['namespace', 'pod', 'node']), templates: [] }],
      ['b', { seriesQuery: 'b', labels: new Set(), templates: [template.resources] }],
      ['c', { seriesQuery: 'c', labels: new Set(), templates: [] }],
    ]);
  });

  it('separates equal series queries of different servers', () => {
    const rule = compiledRule({ seriesQuery: 'a', overrides: { pod: 'pod' } });
    const other = {
      ...compiledRule({ seriesQuery: 'a', overrides: { node: 'node' } }),
      prometheus: 'other',
    };
    const found = requiredLabels({ custom: [rule, other], external: [] }, mapper);
    expect([...found.values()]).toEqual([
      { seriesQuery: 'a', labels: new Set(['pod']), templates: [] },
      { seriesQuery: 'a', prometheus: 'other', labels: new Set(['node']), templates: [] },
    ]);
    expect(found.get(queryKey(other))?.prometheus).toBe('other');
  });

  it('ignores a rule without a series query', () => {
    const rule = compiledRule({ overrides });
    const needs = requiredLabels({ custom: [{ ...rule, seriesQuery: '' }], external: [] }, mapper);
    expect([...needs]).toEqual([]);
  });

  it.each([
    [{ overrides }, ['namespace']],
    [{ template: 'kube_<<.Resource>>' }, ['kube_namespace']],
    [{ overrides, namespaced: false }, []],
    [{ overrides: { pod: 'pod' } }, []],
  ])('has only the label of the namespace for an external rule: %j', (rule, labels) => {
    const external = [compiledRule({ seriesQuery: 'a', ...rule }, 'external')];
    expect([...requiredLabels({ custom: [], external }, mapper)]).toEqual([
      ['a', { seriesQuery: 'a', labels: new Set(labels), templates: [] }],
    ]);
  });
});

it('has no label for the namespace while the resources of the cluster are not known', () => {
  const rule = compiledRule({ overrides });
  expect(namespaceLabelOf(rule, mapper)).toBe('namespace');
  expect(namespaceLabelOf(rule, createResourceMapper([]))).toBeUndefined();
});
