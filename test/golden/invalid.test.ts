import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/sources/file/configuration.ts';
import { recordedClusterMapper } from './cluster-mapper.ts';
import { configNames, readData } from './recorded-cases.ts';

/* Which files are taken at the start and which are not: as the reference adapter, without exception. */

interface RecordedStart {
  readonly name: string;
  readonly config: string;
  /** null: it started. */
  readonly exit: number | null;
}

const recorded: readonly RecordedStart[] = JSON.parse(readData('invalid.json'));

/** The positions of all errors of each rejected file: line, column and field. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  'name-regex-unclosed': ['2:48 rules[0].name.matches'],
  'name-regex-lookahead': ['2:48 rules[0].name.matches'],
  'name-regex-backreference': ['2:48 rules[0].name.matches'],
  'name-regex-bad-repeat': ['2:48 rules[0].name.matches'],
  'name-regex-big-repeat': ['2:48 rules[0].name.matches'],
  'name-two-captures-no-as': ['2:38 rules[0].name'],
  'name-two-named-captures-no-as': ['2:38 rules[0].name'],
  'filter-is-and-isnot': ['2:48 rules[0].seriesFilters[0]'],
  'filter-empty': ['2:48 rules[0].seriesFilters[0]'],
  'filter-regex': ['2:68 rules[0].seriesFilters[1].isNot'],
  'filter-unknown-key': ['2:49 rules[0].seriesFilters[0].isnot'],
  'query-unclosed-action': ['2:60 rules[0].metricsQuery'],
  'query-unclosed-if': ['2:47 rules[0].metricsQuery'],
  'query-stray-end': ['2:53 rules[0].metricsQuery'],
  'query-unknown-function': ['2:53 rules[0].metricsQuery'],
  'query-undefined-variable': ['2:53 rules[0].metricsQuery'],
  'query-bad-string': ['2:60 rules[0].metricsQuery'],
  'query-break-outside-range': ['2:55 rules[0].metricsQuery'],
  'query-empty-action': ['2:51 rules[0].metricsQuery'],
  'overrides-unknown-resource': ['2:59 rules[0].resources.overrides.x'],
  'overrides-unknown-group': ['2:59 rules[0].resources.overrides.x'],
  'overrides-short-name': ['2:59 rules[0].resources.overrides.x'],
  'overrides-no-resource': ['2:59 rules[0].resources.overrides.x'],
  'overrides-unknown-key': ['2:75 rules[0].resources.overrides.x.version'],
  'overrides-a-list': ['2:55 rules[0].resources.overrides'],
  'overrides-a-string': ['2:59 rules[0].resources.overrides.x'],
  'template-no-resource': ['2:54 rules[0].resources.template'],
  'template-constant': ['2:54 rules[0].resources.template'],
  'template-syntax': ['2:71 rules[0].resources.template'],
  'template-unknown-field': ['2:62 rules[0].resources.template'],
  'template-bad-regex': ['2:54 rules[0].resources.template'],
  'template-empty-output': ['2:54 rules[0].resources.template'],
  'yaml-unknown-top-level': ['2:1 extraRules'],
  'yaml-unknown-rule-key': ['2:32 rules[0].metricQuery'],
  'yaml-unknown-name-key': ['2:39 rules[0].name.match'],
  'yaml-several-unknown': ['2:39 rules[0].name.match', '2:52 rules[0].metricQuery', '3:1 other'],
  'yaml-rules-a-map': ['1:8 rules'],
  'yaml-rules-a-string': ['1:8 rules'],
  'yaml-seriesquery-a-list': ['2:17 rules[0].seriesQuery'],
  'yaml-name-a-string': ['2:38 rules[0].name'],
  'yaml-namespaced-a-word': ['2:56 externalRules[0].resources.namespaced'],
  'yaml-namespaced-quoted': ['2:56 externalRules[0].resources.namespaced'],
  'yaml-duplicate-key': ['2:51 rules[0].seriesQuery'],
  'yaml-tab': ['2:1'],
  'yaml-unclosed-quote': ['2:46'],
  'yaml-bad-indent': ['3:16'],
  'yaml-undefined-alias': ['2:17'],
  'yaml-upper-case-key': ['1:1 Rules'],
  'yaml-a-list': ['1:1'],
  'external-two-captures-no-as': ['2:38 externalRules[0].name'],
  'external-query-syntax': ['2:47 externalRules[0].metricsQuery'],
  'external-overrides-unknown': ['2:59 externalRules[0].resources.overrides.x'],
  'resource-overrides-unknown': ['2:36 resourceRules.cpu.resources.overrides.x'],
  'resource-memory-overrides-unknown': ['2:39 resourceRules.memory.resources.overrides.x'],
  'resource-container-query-syntax': ['2:26 resourceRules.cpu.containerQuery'],
  'resource-node-query-syntax': ['2:43 resourceRules.memory.nodeQuery'],
  'resource-template-no-resource': ['2:34 resourceRules.memory.resources.template'],
  'resource-window-number': ['2:11 resourceRules.window'],
  'resource-window-word': ['2:11 resourceRules.window'],
  'resource-window-fraction': ['2:11 resourceRules.window'],
  'resource-window-negative': ['2:11 resourceRules.window'],
  'resource-window-empty-string': ['2:11 resourceRules.window'],
  'resource-window-order': ['2:11 resourceRules.window'],
  'yaml-merge-key': ['1:1 base'],
  'first-of-two-errors': [
    '2:48 rules[0].name.matches',
    '2:69 rules[0].metricsQuery',
    '4:48 externalRules[0].name.matches',
  ],
};

const options = {
  mapper: recordedClusterMapper(),
  checkPromql: true,
  unknownResource: 'error',
} as const;

describe('odd configuration files', () => {
  it('are all recorded ones', () => {
    expect(recorded).toHaveLength(87);
    const refused = recorded.filter(({ exit }) => exit !== null).map(({ name }) => name);
    expect(Object.keys(PLACES).sort()).toEqual(refused.sort());
  });

  it.each(recorded.filter(({ exit }) => exit !== null))('$name is refused', ({ name, config }) => {
    const { configuration, faults } = readConfiguration('rules.yaml', config, options);
    expect(configuration).toBeUndefined();
    const errors = faults.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ line, column, field }) => `${line}:${column} ${field}`.trimEnd())).toEqual(
      PLACES[name],
    );
  });

  it.each(recorded.filter(({ exit }) => exit === null))('$name is taken', ({ config }) => {
    const { configuration, faults } = readConfiguration('rules.yaml', config, options);
    expect(faults.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(configuration).toBeDefined();
  });
});

describe('the configurations of the recorded cases', () => {
  it.each(configNames)('%s is taken', (name) => {
    const text = readData(`configs/${name}.yaml`);
    const { configuration, faults } = readConfiguration(name, text, options);
    expect(faults.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(configuration).toBeDefined();
  });

  it('has rules that nothing is wrong with in the stock configuration', () => {
    const { configuration, faults } = readConfiguration(
      '13-stock',
      readData('configs/13-stock.yaml'),
      options,
    );
    expect(faults).toEqual([]);
    expect(configuration?.custom).toHaveLength(6);
  });

  it('has the rules of all three APIs in one file', () => {
    const text = readData('configs/12-all-three.yaml');
    const { configuration } = readConfiguration('12-all-three', text, options);
    expect(configuration?.custom).toHaveLength(1);
    expect(configuration?.external).toHaveLength(1);
    expect(configuration?.resource?.window).toBe(90 * 60_000);
  });
});
