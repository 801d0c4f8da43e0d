import { describe, expect, it } from 'vitest';
import { RESOURCE_RULES } from '../../../test/fixtures/resource-rules.ts';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import type { RuleFault } from '../fault.ts';
import type { ResourceRule } from '../template-rule/definition.ts';
import { compileResourceRules } from '../template-rule/template-rule.ts';
import { checkResourceRules, checkRule } from './check-rule.ts';

const mapper = builtinResourceMapper();
const options = { checkPromql: true, unknownResource: 'error' as const };

function collect(): { faults: RuleFault[]; report: (fault: RuleFault) => void } {
  const faults: RuleFault[] = [];
  return { faults, report: (fault) => faults.push(fault) };
}

const PODS = { namespace: 'namespace', pod: 'pod' };

/** The diagnostics of a query for pods, or for the resources of the overrides. */
function faultsOf(
  metricsQuery: string,
  overrides: Readonly<Record<string, string>> = PODS,
  kind: 'custom' | 'external' = 'custom',
  namespaced = true,
): readonly RuleFault[] {
  const { faults, report } = collect();
  const rule = compiledRule({ overrides, metricsQuery, namespaced }, kind);
  checkRule(rule, mapper, options, report);
  return faults;
}

function messageOf(metricsQuery: string, overrides?: Readonly<Record<string, string>>): string {
  return faultsOf(metricsQuery, overrides)
    .map(({ severity, message }) => `${severity}: ${message}`)
    .join('\n');
}

describe('a valid query', () => {
  it.each([
    'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
    'sum(<<.Series>>{<<.LabelMatchers>>}) by (namespace, pod)',
    'sum(<<.Series>>{<<.LabelMatchers>>}) without (container, instance)',
    'sum(rate(<<.Series>>{<<.LabelMatchers>>,container!="POD"}[5m])) by (<<.GroupBy>>)',
    // Istio and Linkerd
    'sum(irate(<<.Series>>{reporter="destination",<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)',
    'histogram_quantile(0.99, sum(irate(<<.Series>>{<<.LabelMatchers>>}[5m])) by (le, <<.GroupBy>>))',
    // A share of a limit that has no counterpart for the object.
    'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>) / scalar(sum(capacity))',
    'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>) / on (<<.GroupBy>>) max(limit) by (<<.GroupBy>>)',
    'sum(<<.Series>>{<<.LabelMatchers>>} * on (node) group_left () node_weight) by (<<.GroupBy>>)',
    'sum(<<.Series>>{pod=~"<<.LabelValuesByName.pod>>",namespace="<<.LabelValuesByName.namespace>>"}) by (pod)',
    'sum(<<.Series>>{<<range $k, $v := .LabelValuesByName>><<$k>>=~"<<$v>>",<<end>>}) by (<<.GroupBy>>)',
    // A label distinguishes the samples of namespaces.
    'sum(<<.Series>>{pod=~"<<.LabelValuesByName.pod>>"}) by (namespace, pod)',
    'sum(<<.Series>>{namespace="<<.LabelValuesByName.namespace>>"}) by (pod)',
    'label_replace(sum(<<.Series>>{<<.LabelMatchers>>}), "pod", "<<.LabelValuesByName.pod>>", "", "")',
    'topk(1, <<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
    'absent(<<.Series>>{<<.LabelMatchers>>})',
  ])('has no warning: %s', (query) => {
    expect(messageOf(query)).toBe('');
  });

  it('may describe namespaces, nodes and resources of a template', () => {
    const query = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    expect(messageOf(query, { namespace: 'namespace' })).toBe('');
    expect(messageOf(query, { instance: 'node' })).toBe('');
    // The label of the namespace is needed for pods only.
    expect(messageOf('sum(<<.Series>>{<<.LabelMatchers>>}) by (pod)')).toBe('');
    const { faults, report } = collect();
    checkRule(
      compiledRule({ template: 'kube_<<.Resource>>', metricsQuery: query }),
      mapper,
      options,
      report,
    );
    expect(faults).toEqual([]);
  });
});

describe('a query that removes the label of its objects', () => {
  it('is reported with the cause and the advice', () => {
    expect(messageOf('sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m]))')).toBe(
      'broken: `sum` is not grouped by `pod`, so pods get no value: group `by (<<.GroupBy>>)`',
    );
    const kept = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    expect(messageOf(`${kept} / on (namespace) group_left () max(x)`)).toBe('');
    expect(messageOf('<<.Series>>{<<.LabelMatchers>>} / on (namespace) max(x)')).toContain(
      '`on` takes the label `pod` away, so pods get no value: match `on (<<.GroupBy>>)`',
    );
    expect(messageOf('vector(5)')).toBe(
      'broken: `vector` gives a sample without the label `pod`, so pods get no value: every sample needs the label of its object',
    );
  });

  it('is reported at its place', () => {
    const query = '100 * sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m]))';
    expect(faultsOf(query)).toMatchObject([{ path: ['metricsQuery'], offset: 6 }]);
  });

  it('is reported only for the affected resources', () => {
    const overrides = { ...PODS, service: 'service', node: 'node' };
    expect(messageOf('sum(<<.Series>>{<<.LabelMatchers>>}) by (pod)', overrides)).toBe(
      'warning: `sum` is not grouped by `service`, so services, nodes get no value: group `by (<<.GroupBy>>)`',
    );
    expect(messageOf('sum(<<.Series>>{<<.LabelMatchers>>})', { namespace: 'namespace' })).toContain(
      'so namespaces get no value',
    );
  });
});

describe('a query that may return several samples for an object', () => {
  it.each([
    ['<<.Series>>{<<.LabelMatchers>>}', ''],
    ['rate(<<.Series>>{<<.LabelMatchers>>}[1m])', ''],
    [
      'sum by (<<.GroupBy>>, code) (rate(<<.Series>>{<<.LabelMatchers>>}[1m]))',
      'one for each `code`, ',
    ],
    [
      'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>) or (0 * info{<<.LabelMatchers>>})',
      '',
    ],
  ])('gets one warning: %s', (query, each) => {
    expect(messageOf(query)).toBe(
      `warning: an object may have several samples, ${each}of which only the last is used: aggregate \`by (<<.GroupBy>>)\` only, e.g. sum by (<<.GroupBy>>) (...)`,
    );
  });
});

describe('a side of `or` without the label of the objects', () => {
  it.each([
    'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m]) or vector(0)) by (<<.GroupBy>>)',
    'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>) or on() vector(0)',
    '<<.Series>>{<<.LabelMatchers>>} or vector(0)',
  ])('gets one warning: %s', (query) => {
    expect(faultsOf(query)).toEqual([
      {
        severity: 'warning',
        path: ['metricsQuery'],
        offset: query.indexOf('vector'),
        message:
          '`vector` gives a sample without the label `pod`, so this side of `or` is never the value of pods: for a value when there are no series, write `or clamp_max(absent(x{<<.LabelMatchers>>}), 0)`',
      },
    ]);
  });

  it('may be the side with the label', () => {
    const query =
      'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>) or clamp_max(absent(<<.Series>>{<<.LabelMatchers>>}), 0)';
    expect(messageOf(query)).toBe('');
  });
});

describe('a query of a rule with a template', () => {
  function templateFaults(metricsQuery: string): string {
    const { faults, report } = collect();
    checkRule(
      compiledRule({ template: 'kube_<<.Resource>>', metricsQuery }),
      mapper,
      options,
      report,
    );
    return faults.map(({ severity, message }) => `${severity}: ${message}`).join('\n');
  }

  it('may describe resources other than pods', () => {
    const query = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (kube_deployment)';
    expect(templateFaults(query)).toBe('');
    expect(templateFaults('sum(<<.Series>>{<<.LabelMatchers>>}) without (kube_pod)')).toBe('');
  });

  it('must describe the resources of the overrides', () => {
    const { faults, report } = collect();
    const metricsQuery = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (kube_deployment)';
    const rule = { template: 'kube_<<.Resource>>', overrides: PODS, metricsQuery };
    checkRule(compiledRule(rule), mapper, options, report);
    expect(faults).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('not grouped by `pod`') },
    ]);
  });

  it('is broken without the label of any resource', () => {
    expect(templateFaults('sum(<<.Series>>{<<.LabelMatchers>>}) by (team)')).toBe(
      'broken: `sum` is not grouped by `kube_pod`, so pods get no value: group `by (<<.GroupBy>>)`',
    );
  });
});

describe('a query that selects too much', () => {
  it('is reported', () => {
    expect(messageOf('sum(<<.Series>>) by (namespace, <<.GroupBy>>)')).toBe(
      'warning: the query selects the series of all pods, whichever ones a request is about: write `<<.LabelMatchers>>` into the braces of a selector, e.g. <<.Series>>{<<.LabelMatchers>>}',
    );
    expect(messageOf('<<.Series>>', { instance: 'node' })).toContain('all nodes');
  });

  it('is reported precisely', () => {
    // All pods, but of one namespace.
    expect(
      messageOf('sum(<<.Series>>{namespace="<<.LabelValuesByName.namespace>>"}) by (pod)'),
    ).toBe('');
    // Of all namespaces, each with its own value.
    const each = 'sum(<<.Series>>{job="web"}) by (namespace, pod)';
    expect(messageOf(each)).toMatch(/^warning: the query selects the series of all pods, [^\n]*$/);
    expect(messageOf(each)).not.toContain('other namespaces');
    // Nodes have no namespace that could be mixed.
    expect(messageOf('sum(<<.Series>>{job="web"}) by (node)', { instance: 'node' })).toMatch(
      /^broken/,
    );
    expect(
      messageOf('sum(<<.Series>>{job="web"}) by (instance)', { instance: 'node' }),
    ).not.toContain('other namespaces');
    expect(
      messageOf('sum(<<.Series>>{instance="<<.LabelValuesByName.instance>>"}) by (instance)', {
        instance: 'node',
      }),
    ).toBe('');
    // The query selects no series.
    expect(messageOf('label_replace(vector(1), "pod", "<<.LabelValuesByName.pod>>", "", "")')).toBe(
      '',
    );
  });

  it('is reported as wrong if it mixes namespaces', () => {
    expect(messageOf('sum(<<.Series>>{job="web"}) by (<<.GroupBy>>)')).toContain(
      'and combines those of the same name in different namespaces',
    );
    expect(messageOf('sum(<<.Series>>{pod=~"<<.LabelValuesByName.pod>>"}) by (pod)')).toContain(
      'does not limit the namespace, so pods of the same name in different namespaces are combined',
    );
  });

  it('has no further reports if it cannot return values', () => {
    expect(messageOf('sum(<<.Series>>')).toMatch(/^broken: [^\n]*$/);
    expect(messageOf('<<.Nope>>')).toMatch(/^broken: [^\n]*$/);
    expect(messageOf('scalar(<<.Series>>)')).toMatch(/^broken: [^\n]*$/);
  });
});

describe('a query for series with other names', () => {
  const several = { overrides: PODS, seriesQuery: '{__name__=~"^http_.*",pod!=""}' };

  function found(rule: Parameters<typeof compiledRule>[0]): readonly string[] {
    const { faults, report } = collect();
    checkRule(compiledRule(rule), mapper, options, report);
    return faults.map(({ message }) => message);
  }

  it('is reported if it selects all metrics', () => {
    expect(messageOf('sum(rate({<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)')).toContain(
      'a selector of the query has no metric name',
    );
    const named = 'sum({__name__=~"<<.Series>>",<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    expect(messageOf(named)).toBe('');
    expect(messageOf('sum({"<<.Series>>",<<.LabelMatchers>>}) by (<<.GroupBy>>)')).toBe(
      'warning: a quoted metric name: Prometheus 2.53 and 3.5 accept this, 2.42 does not',
    );
    const info = 'sum by (<<.GroupBy>>) (info(<<.Series>>{<<.LabelMatchers>>}, {env="a"}))';
    expect(messageOf(info)).toMatch(/^warning: the function `info`: Prometheus 3.5 accepts this/);
  });

  it('is reported if metrics with different names have one value', () => {
    const metricsQuery = 'sum(http_requests_total{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    expect(found({ ...several, metricsQuery })).toEqual([
      expect.stringContaining('expected `<<.Series>>` in it, or one name in `name.as`'),
    ]);
    expect(found({ ...several, metricsQuery, matches: '(.*)_total', as: '$1' })).toHaveLength(1);
    expect(found({ ...several, metricsQuery, as: 'requests' })).toEqual([]);
    expect(found({ overrides: PODS, seriesQuery: 'http_requests_total', metricsQuery })).toEqual(
      [],
    );
  });
});

describe('a query with the syntax of another program', () => {
  it('is reported with the correct delimiters', () => {
    const query = 'sum(rate({{.Series}}{ {{- .LabelMatchers}} }[2m])) by ({{.GroupBy}})';
    expect(faultsOf(query)).toMatchObject([
      {
        severity: 'broken',
        offset: 9,
        message: 'templates are written between `<<` and `>>`, not `{{` and `}}`',
      },
    ]);
  });

  it('is reported if it is missing', () => {
    expect(messageOf('')).toMatch(/^broken: there is no query: expected PromQL/);
  });
});

describe('an external query', () => {
  const namespace = { namespace: 'namespace' };

  it('is reported if it does not select the namespace', () => {
    expect(faultsOf('sum(<<.Series>>) by (topic)', namespace, 'external')).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('`namespaced: false`') },
    ]);
  });

  it.each(['sum(<<.Series>>{<<.LabelMatchers>>})', 'vector(5)', '42'])('is valid: %s', (query) => {
    expect(faultsOf(query, namespace, 'external')).toEqual([]);
  });

  it('may have no namespace', () => {
    expect(faultsOf('sum(<<.Series>>) by (topic)', {}, 'external', false)).toEqual([]);
  });
});

describe('resource rules', () => {
  const labels = ['namespace', 'pod', 'node'];
  const overrides = new Map(labels.map((label) => [label, { group: '', resource: label }]));
  const CONTAINERS = 'sum by (<<.GroupBy>>) (c{<<.LabelMatchers>>,container!=""})';
  const NODES = 'sum by (<<.GroupBy>>) (n{<<.LabelMatchers>>})';

  /** The diagnostics of rules of which the first one differs. */
  function faultsOfRules(
    cpu: Partial<ResourceRule>,
    checkPromql = true,
  ): readonly (readonly [string, string, string])[] {
    const { faults, report } = collect();
    const resources = { overrides, template: '', namespaced: true };
    const memory = {
      containerQuery: CONTAINERS,
      nodeQuery: NODES,
      resources,
      containerLabel: 'container',
    };
    const definition = { cpu: { ...memory, ...cpu }, memory, window: 0 };
    const compiled = compileResourceRules(definition, RESOURCE_RULES, 'promql', report);
    if (compiled !== undefined) {
      checkResourceRules(compiled, mapper, { ...options, checkPromql }, report);
    }
    return faults.map(({ severity, path, message }) => [severity, path.join('.'), message]);
  }

  /** The diagnostics of the queries of one of the rules, by field. */
  function found(
    containerQuery: string,
    nodeQuery = 'sum by (<<.GroupBy>>) (n{<<.LabelMatchers>>})',
    containerLabel = 'container',
  ): readonly string[] {
    const { faults, report } = collect();
    const resources = { overrides, template: '', namespaced: true };
    const rule = { containerQuery, nodeQuery, resources, containerLabel };
    const compiled = compileResourceRules(
      { cpu: rule, memory: rule, window: 0 },
      RESOURCE_RULES,
      'promql',
      report,
    );
    if (compiled !== undefined) checkResourceRules(compiled, mapper, options, report);
    return faults
      .filter(({ path }) => path[0] === 'cpu')
      .map(({ severity, path, message }) => `${severity}: ${path.join('.')}: ${message}`);
  }

  it.each([
    'sum by (<<.GroupBy>>) (c{<<.LabelMatchers>>,container!=""})',
    'c{<<.LabelMatchers>>,container=~".+"}',
    'sum by (pod, container) (c{<<.LabelMatchers>>,image!=""})',
    'sum by (<<.GroupBy>>) (pod_container:c:rate{<<.LabelMatchers>>})',
    // kube-prometheus
    'sum by (<<.GroupBy>>) (irate (c{<<.LabelMatchers>>,container!="",pod!=""}[120s]))',
  ])('are valid: %s', (query) => {
    expect(found(query)).toEqual([]);
  });

  it.each([
    // kube-prometheus
    'sum by (<<.GroupBy>>) (1 - irate(i[60s]) * on (namespace, pod) group_left(node) (k{<<.LabelMatchers>>})) or sum by (<<.GroupBy>>) (1 - irate(w{mode="idle",<<.LabelMatchers>>}[4m]))',
    'sum(1 - rate(i{mode="idle"}[5m]) * on(namespace, pod) group_left(node) k{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
  ])('are valid with nodes by their exporters: %s', (query) => {
    expect(found('c{<<.LabelMatchers>>,container!=""}', query)).toEqual([]);
  });

  it('are reported for a grouping that removes pods, containers or nodes', () => {
    expect(found('sum(c{<<.LabelMatchers>>})', 'sum(n{<<.LabelMatchers>>})')).toEqual([
      'broken: cpu.containerQuery: `sum` is not grouped by `pod`, so pods get no value: group `by (<<.GroupBy>>)`',
      'broken: cpu.nodeQuery: `sum` is not grouped by `node`, so nodes get no value: group `by (<<.GroupBy>>)`',
    ]);
    expect(found('sum by (namespace, pod) (c{<<.LabelMatchers>>,container!=""})')).toEqual([
      'warning: cpu.containerQuery: `sum` is not grouped by `container`, so a pod is one container without a name: group `by (<<.GroupBy>>)`, or leave `containerLabel` out',
    ]);
    expect(found('sum by (pod) (c{<<.LabelMatchers>>})', undefined, '')).toEqual([]);
  });

  it.each([
    ['sum by (<<.GroupBy>>) (c{<<.LabelMatchers>>})', 'container', 'c'],
    ['sum by (<<.GroupBy>>) (c{<<.LabelMatchers>>,container!="POD"})', 'container', 'c'],
    ['sum by (<<.GroupBy>>) (container_cpu{<<.LabelMatchers>>})', '', 'container_cpu'],
  ])('get a warning if they count pods twice: %s', (query, label, metric) => {
    expect(found(query, undefined, label)).toEqual([
      `warning: cpu.containerQuery: the query does not exclude container="" (the cgroup of the whole pod) and container="POD", so pods count twice: add \`container!="",container!="POD"\` to the selector of \`${metric}\``,
    ]);
  });

  it.each([
    [
      'a number',
      'scalar(container_cpu{<<.LabelMatchers>>})',
      'broken: cpu.containerQuery: the generated query returns a scalar',
    ],
    [
      'a part of a Helm template',
      'sum by (<<.GroupBy>>) (c{<<.LabelMatchers>>,job="{{.Name}}"})',
      'warning: cpu.containerQuery: `{{` is plain text',
    ],
    [
      'no label of the pod',
      'sum(c{<<.LabelMatchers>>})',
      'broken: cpu.containerQuery: `sum` is not grouped by `pod`',
    ],
  ])('get one fault if the containerQuery has %s', (_, query, fault) => {
    expect(found(query)).toEqual([expect.stringContaining(fault)]);
  });

  it('are reported for queries of all objects', () => {
    expect(found('sum by (namespace,<<.GroupBy>>) (c{container!=""})', 'n')).toEqual([
      expect.stringContaining('cpu.containerQuery: the query selects the series of all pods'),
      expect.stringContaining('cpu.nodeQuery: the query selects the series of all nodes'),
    ]);
  });

  it('require both of them', () => {
    const nothing = {
      containerQuery: '',
      nodeQuery: '',
      resources: { overrides: new Map(), template: '', namespaced: true },
    };
    expect(faultsOfRules({})).toEqual([]);
    expect(faultsOfRules(nothing)).toEqual([
      ['broken', 'cpu', expect.stringContaining('`cpu` is missing in resourceRules')],
    ]);
    const { resources } = nothing;
    const template = { ...resources, template: 'kube_<<.Resource>>' };
    for (const part of [
      { containerQuery: CONTAINERS },
      { nodeQuery: NODES },
      { resources: template },
      { resources: { ...resources, overrides } },
    ]) {
      const found = faultsOfRules({ ...nothing, ...part });
      expect(found.length).toBeGreaterThan(0);
      expect(found.map(([, path]) => path)).not.toContain('cpu');
    }
  });

  it('require labels for namespaces, pods and nodes', () => {
    const few = new Map([['pod', { group: '', resource: 'pod' }]]);
    const resources = { overrides: few, template: '', namespaced: true };
    expect(faultsOfRules({ resources, containerQuery: 'sum(' })).toEqual([
      [
        'broken',
        'cpu.resources',
        'no label maps to namespace, node: add overrides such as namespace: {resource: namespace}, node: {resource: node}',
      ],
    ]);
    const unknown = new Map([...overrides, ['x', { group: '', resource: 'podz' }]]);
    expect(faultsOfRules({ resources: { ...resources, overrides: unknown } })).toMatchObject([
      ['error', 'cpu.resources.overrides.x', expect.stringContaining('"podz"')],
    ]);
  });

  it('require queries that return an instant vector of named series', () => {
    expect(
      faultsOfRules({ containerQuery: 'scalar(c{container!=""})', nodeQuery: '' }),
    ).toMatchObject([
      ['broken', 'cpu.containerQuery', expect.stringContaining('returns a scalar')],
      ['broken', 'cpu.nodeQuery', expect.stringContaining('there is no query')],
    ]);
    expect(faultsOfRules({ nodeQuery: 'sum by (node) ({<<.LabelMatchers>>})' })).toMatchObject([
      ['warning', 'cpu.nodeQuery', expect.stringContaining('container_memory_working_set_bytes')],
    ]);
    expect(faultsOfRules({ nodeQuery: 'sum by (node) (n{a="{{ .b }}"})' })).toMatchObject([
      ['warning', 'cpu.nodeQuery', expect.stringContaining('`{{` is plain text here')],
    ]);
  });

  it('are not checked if queries need not be PromQL', () => {
    expect(faultsOfRules({ containerQuery: 'c{', nodeQuery: 'sum(n)' }, false)).toEqual([]);
    expect(faultsOfRules({ containerQuery: 'c', nodeQuery: NODES }, false)).toEqual([]);
  });

  it('have the place of a missing label', () => {
    const { faults, report } = collect();
    const resources = { overrides, template: '', namespaced: true };
    const rule = {
      containerQuery: '1 * sum by (namespace, pod) (c{<<.LabelMatchers>>,container!=""})',
      nodeQuery: '2 * sum(n{<<.LabelMatchers>>})',
      resources,
      containerLabel: 'container',
    };
    const compiled = compileResourceRules(
      { cpu: rule, memory: rule, window: 0 },
      RESOURCE_RULES,
      'promql',
      report,
    );
    if (compiled !== undefined) checkResourceRules(compiled, mapper, options, report);
    expect(faults.map(({ path, offset }) => [path.join('.'), offset])).toEqual([
      ['cpu.nodeQuery', 4],
      ['cpu.containerQuery', 4],
      ['memory.nodeQuery', 4],
      ['memory.containerQuery', 4],
    ]);
  });
});
