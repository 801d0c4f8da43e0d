import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { qualifiedName } from '../apimachinery/cluster-resource.ts';
import { builtinResourceMapper } from '../kubernetes/builtin-resources.ts';
import { buildCatalog, type RuleLists } from './build-catalog.ts';

const mapper = builtinResourceMapper();
const overrides = { namespace: 'namespace', pod: 'pod', node: 'node' };

type Found = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

function build(rules: RuleLists, found: Found) {
  const discovered = new Map(
    Object.entries(found).map(([seriesQuery, series]) => [
      seriesQuery,
      new Map(Object.entries(series).map(([name, labels]) => [name, new Set(labels)])),
    ]),
  );
  const { catalog, leftOut } = buildCatalog(rules, discovered, mapper);
  return {
    custom: catalog.customMetrics.map(
      ({ name, resource, series, resourceLabel, namespaceLabel }) =>
        `${qualifiedName(resource)}/${name} = ${series}{${[namespaceLabel, resourceLabel].filter(Boolean).join()}}`,
    ),
    external: catalog.externalMetrics.map(
      ({ name, series, namespaceLabel }) => `${name} = ${series}{${namespaceLabel ?? ''}}`,
    ),
    leftOut,
    catalog,
  };
}

describe('buildCatalog', () => {
  it('lists a metric for each kind of object that its series describe', () => {
    const { custom } = build(
      { custom: [compiledRule({ seriesQuery: 'load', overrides })], external: [] },
      { load: { load: ['namespace', 'pod', 'node', 'shard'] } },
    );
    expect(custom).toEqual([
      'namespaces/load = load{namespace}',
      'nodes/load = load{node}',
      'pods/load = load{namespace,pod}',
    ]);
  });

  it('lets the later rule win, resource by resource', () => {
    const old = compiledRule({ seriesQuery: 'old', as: 'x', overrides });
    const newer = compiledRule({
      seriesQuery: 'new',
      as: 'x',
      overrides: { namespace: 'namespace' },
    });
    const { custom } = build(
      { custom: [old, newer], external: [] },
      { old: { old: ['namespace', 'pod'] }, new: { new: ['namespace', 'pod'] } },
    );
    expect(custom).toEqual(['namespaces/x = new{namespace}', 'pods/x = old{namespace,pod}']);
  });

  it('takes the series of one rule in the order of their names', () => {
    const rule = compiledRule({ seriesQuery: 'q', as: 'x', overrides });
    const { custom } = build(
      { custom: [rule], external: [] },
      { q: { b: ['namespace'], c: ['pod'], a: ['namespace', 'pod'] } },
    );
    expect(custom).toEqual(['namespaces/x = b{namespace}', 'pods/x = c{namespace,pod}']);
  });

  it('does not list namespaced objects without a label for their namespace', () => {
    const rule = compiledRule({ seriesQuery: 'q', overrides: { pod: 'pod', node: 'node' } });
    const { custom } = build(
      { custom: [rule], external: [] },
      { q: { q: ['pod', 'node', 'namespace'] } },
    );
    expect(custom).toEqual(['nodes/q = q{node}']);
  });

  it('uses the namespace label that the template reads from the series', () => {
    const rule = compiledRule({ seriesQuery: 'q', template: 'kube_<<.Resource>>' });
    const { custom } = build(
      { custom: [rule], external: [] },
      { q: { q: ['kube_pods', 'kube_Namespace'] } },
    );
    expect(custom).toEqual([
      'namespaces/q = q{kube_Namespace}',
      'pods/q = q{kube_Namespace,kube_pods}',
    ]);
  });

  it('lists external metrics, those without a namespace only where the rule says so', () => {
    const { external } = build(
      {
        custom: [],
        external: [
          compiledRule({ seriesQuery: 'a', overrides }, 'external'),
          compiledRule({ seriesQuery: 'b' }, 'external'),
          compiledRule({ seriesQuery: 'c', namespaced: false }, 'external'),
        ],
      },
      { a: { a: [] }, b: { b: [] }, c: { c: [] } },
    );
    expect(external).toEqual(['a = a{namespace}', 'c = c{}']);
  });

  it('leaves out names that no request can have, and says so', () => {
    const { custom, leftOut } = build(
      {
        custom: [
          compiledRule({ seriesQuery: 'q', matches: 'q(x?)', overrides }),
          compiledRule({ seriesQuery: 'q', as: 'a/b', overrides }),
        ],
        external: [],
      },
      { q: { q: ['namespace'] } },
    );
    expect(custom).toEqual([]);
    expect(leftOut).toEqual([
      { series: 'q', name: '', why: 'it is empty' },
      { series: 'q', name: 'a/b', why: 'it has a "/"' },
    ]);
  });

  it('finds a metric by its name and resource only', () => {
    const rule = compiledRule({ seriesQuery: 'load', overrides });
    const { catalog } = build(
      { custom: [rule], external: [] },
      { load: { load: ['namespace', 'pod'] } },
    );
    const pods = mapper.find('', 'pods');
    const nodes = mapper.find('', 'nodes');
    if (pods === undefined || nodes === undefined) throw new Error('pods and nodes are built in');
    expect(catalog.custom('load', pods)?.series).toBe('load');
    expect(catalog.custom('load', nodes)).toBeUndefined();
    expect(catalog.custom('toString', pods)).toBeUndefined();
    expect(catalog.external('load')).toBeUndefined();
  });

  it('leaves out a series whose name could become a part of the query', () => {
    const found = {
      load: { 'load{namespace="other"} or up #': ['namespace'], 'http-requests': ['namespace'] },
    };
    const bare = build(
      { custom: [compiledRule({ seriesQuery: 'load', overrides })], external: [] },
      found,
    );
    expect(bare.custom).toEqual([]);
    expect(bare.leftOut.map(({ why }) => why)).toEqual([
      expect.stringContaining('needs quotes in PromQL'),
      expect.stringContaining('needs quotes in PromQL'),
    ]);
    const metricsQuery = 'sum({<<printf "%q" .Series>>,<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    const quoting = compiledRule({ seriesQuery: 'load', overrides, metricsQuery });
    expect(build({ custom: [quoting], external: [] }, found)).toMatchObject({
      custom: [
        'namespaces/http-requests = http-requests{namespace}',
        expect.stringContaining('namespaces/load{namespace="other"} or up #'),
      ],
      leftOut: [],
    });
  });
});
