import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/sources/file/configuration.ts';
import { readRulesText } from '../../src/sources/file/load.ts';
import { recordedClusterMapper } from './cluster-mapper.ts';
import { configNames, readData } from './recorded-cases.ts';

/*
 * The warnings about queries that work: of each recorded configuration, the chart and the examples
 * exactly those that do not give the requested result. No other rule may have a warning.
 */

/** What each message is known by. */
const WARNINGS = {
  'label lost': / get no value: /,
  'all objects': /selects the series of all /,
  'all namespaces': /does not limit the namespace/,
  'no container': /one container without a name/,
  'all metrics': /has no metric name/,
  'one value': /gives all of them the same value/,
  'several samples': /an object may have several samples/,
  'dead side of or': /this side of `or` is never the value/,
  'series query only': /is in seriesQuery only/,
  'pod cgroup': /so pods count twice/,
  'other delimiters': /`\{\{` is plain text here/,
  'needs a selector': /a request needs a label selector/,
};

const POD_CGROUPS = ['cpu', 'memory'].map(
  (name) => `pod cgroup: resourceRules.${name}.containerQuery`,
);

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  '01-overrides': [
    'several samples: rules[0].metricsQuery',
    'series query only: rules[1].metricsQuery',
  ],
  '08-query-templates': [
    'several samples: rules[0].metricsQuery',
    'several samples: rules[9].metricsQuery',
    'all namespaces: rules[2].metricsQuery',
    'all namespaces: rules[3].metricsQuery',
    'all namespaces: rules[30].metricsQuery',
    'all namespaces: rules[31].metricsQuery',
    'label lost: rules[32].metricsQuery',
  ],
  '09-ratios': [
    'several samples: rules[3].metricsQuery',
    'several samples: rules[4].metricsQuery',
    'several samples: rules[5].metricsQuery',
    'several samples: rules[21].metricsQuery',
    'dead side of or: rules[12].metricsQuery',
    'all objects: rules[7].metricsQuery',
    'label lost: rules[8].metricsQuery',
    'label lost: rules[9].metricsQuery',
    'label lost: rules[17].metricsQuery',
  ],
  '10-external': ['needs a selector: externalRules[20].metricsQuery'],
  '11-resource': POD_CGROUPS,
  '12-all-three': POD_CGROUPS,
  '14-nginx': ['several samples: rules[0].metricsQuery'],
  '16-http': POD_CGROUPS,
};

function warningsOf(file: string, text: string): readonly string[] {
  const { faults } = readConfiguration(file, text, {
    mapper: recordedClusterMapper(),
    checkPromql: true,
    unknownResource: 'warning',
  });
  return faults.flatMap(({ field, message }) =>
    Object.entries(WARNINGS).flatMap(([name, known]) =>
      known.test(message) ? [`${name}: ${field}`] : [],
    ),
  );
}

describe('queries that do not give the requested result', () => {
  it.each(configNames)('%s', (name) => {
    expect(warningsOf(name, readData(`configs/${name}.yaml`)).toSorted()).toEqual(
      (EXPECTED[name] ?? []).toSorted(),
    );
  });

  const root = path.join(import.meta.dirname, '../..');
  const shipped = ['charts', 'examples'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /rules[^/]*\.yaml$/.test(file) && !file.includes('templates'))
      .map((file) => path.join(folder, file)),
  );

  it('are checked for the rules of the chart and the examples', () => {
    expect(shipped.length).toBeGreaterThanOrEqual(5);
  });

  it.each(shipped)('are not in %s', async (file) => {
    const { text } = await readRulesText(path.join(root, file));
    // Those of the chart are parts of a rules file.
    const whole = file.startsWith('charts') ? wholeFile(text ?? '') : (text ?? '');
    expect(readConfiguration(file, whole, options()).faults).toEqual([]);
  });
});

function options() {
  return {
    mapper: recordedClusterMapper(),
    checkPromql: true,
    unknownResource: 'warning' as const,
  };
}

/** A list is `rules`; fields are those of a whole file, or `resourceRules`. */
function wholeFile(part: string): string {
  const first = part.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  if (/^(?:rules|externalRules|resourceRules):/.test(first)) return part;
  const key = first.startsWith('-') ? 'rules' : 'resourceRules';
  return `${key}:\n${part.replaceAll(/^(?=.)/gm, '  ')}`;
}
