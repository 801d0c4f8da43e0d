import { describe, expect, it } from 'vitest';
import { RESOURCE_RULES } from '../../../test/fixtures/resource-rules.ts';
import type { RuleFault } from '../fault.ts';
import { compileResourceRules } from '../template-rule/template-rule.ts';
import { checkPodCgroup } from './check-usage.ts';

const REQUEST = {
  series: '',
  selector: [],
  namespace: { label: 'namespace', value: 'shop' },
  objects: { label: 'pod', names: ['web-0'] },
  groupBy: ['pod', 'c'],
};

function faultsOf(containerQuery: string, containerLabel = 'c', request: object = {}) {
  const faults: RuleFault[] = [];
  const rule = {
    containerQuery,
    nodeQuery: 'x',
    resources: { overrides: new Map(), template: '', namespaced: true },
    containerLabel,
  };
  const rules = compileResourceRules(
    { cpu: rule, memory: rule, window: 0 },
    RESOURCE_RULES,
    'promql',
    () => {
      throw new Error('does not compile');
    },
  );
  if (rules === undefined) throw new Error('does not compile');
  checkPodCgroup(rules.cpu, ['q'], { ...REQUEST, ...request }, (fault) => faults.push(fault));
  return faults;
}

describe('checkPodCgroup', () => {
  it.each([
    ['sum by (pod, c) (x)', 'x'],
    ['sum by (pod, c) (y{c!=""} or x{c!="POD"})', 'x'],
    ['sum by (pod, c) (x{c=~".*"})', 'x'],
    ['sum by (pod, c) (x{c=""})', 'x'],
    ['sum by (pod, c) ({job="a"})', 'the metric'],
    // Other labels do not select containers.
    ['sum by (pod, c) (x{job="a",container!=""})', 'x'],
  ])('warns about %s', (query, metric) => {
    const [fault, ...others] = faultsOf(query);
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ severity: 'warning', path: ['q'] });
    expect(fault?.message).toContain('so pods count twice');
    expect(fault?.message).toContain(metric === 'the metric' ? metric : `\`${metric}\``);
  });

  it.each([
    'sum by (pod, c) (x{c!=""})',
    'sum by (pod, c) (x{c=~".+"})',
    'sum by (pod, c) (x{c!="",c!="POD"})',
    'sum by (pod, c) (x{c="app"})',
    'sum by (pod, c) (x{image!=""})',
    'sum by (pod, c) (x{name!=""})',
    'sum by (pod, c) (x{id!=""})',
    'sum by (pod, c) (x{container_name!=""})',
    'sum by (pod, c) (pod:x:rate5m)',
    // These have faults that are reported elsewhere.
    'sum(x)',
    'sum by (pod, c) (x',
    '<<.Nope>>',
  ])('does not warn about %s', (query) => {
    expect(faultsOf(query)).toEqual([]);
  });

  it('uses the metrics of cAdvisor only if no label is given', () => {
    expect(faultsOf('sum by (pod) (x)', '')).toEqual([]);
    expect(faultsOf('sum by (pod) ({job="a"})', '')).toEqual([]);
    expect(faultsOf('sum by (pod) (container_x)', '')).toMatchObject([{ path: ['q'] }]);
    expect(faultsOf('sum by (pod) (container_x{c!=""})', '')).toHaveLength(1);
    expect(faultsOf('sum by (pod) (container_x{container!=""})', '')).toEqual([]);
    expect(faultsOf('sum by (pod) (y + on (pod) container_x)', '')).toHaveLength(1);
  });

  it('ignores the label of the rule as a sign of other metrics', () => {
    const query = 'sum by (pod, container_name) (x{container_name!="POD"})';
    expect(faultsOf(query, 'container_name')).toHaveLength(1);
  });

  it('requires the label of the pod', () => {
    expect(faultsOf('sum by (pod, c) (x)', 'c', { objects: undefined })).toEqual([]);
  });
});
