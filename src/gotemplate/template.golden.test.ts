import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { parseTemplate, TemplateError } from './template.ts';
import { type GoStruct, goMap, goStrings, goStruct } from './value.ts';

interface RecordedCase {
  readonly request: { readonly path: string };
  readonly queries: readonly string[];
  readonly log?: readonly string[];
}

interface RecordedFault {
  readonly name: string;
  readonly fatal?: string | null;
}

interface RulesFile {
  readonly rules: readonly {
    readonly name: { readonly as: string };
    readonly metricsQuery?: string;
  }[];
}

const golden = new URL('../../test/golden/data/', import.meta.url);

function read(name: string): string {
  return readFileSync(new URL(name, golden), 'utf8');
}

/** The pods that a request for `*` stands for. */
const PODS: Readonly<Record<string, string>> = {
  shop: 'cart-0|cart-1|cart-2|pay.a|payxa|solo|web.v1.example',
  billing: 'cart-0|done-0|inv-0|inv-1',
};

/** The selectors of the requests: as matchers, and as values by label. */
const SELECTORS: Readonly<
  Record<string, readonly [string, readonly (readonly [string, string])[]]>
> = {
  'shard=1': ['shard="1",', [['shard', '1']]],
  'shard in (0,1)': ['shard=~"0|1",', [['shard', '0|1']]],
  'shard in (0,1),zone!=x': [
    'shard=~"0|1",zone!="x",',
    [
      ['shard', '0|1'],
      ['zone', 'x'],
    ],
  ],
};

interface MetricRequest {
  readonly metric: string;
  readonly data: GoStruct;
}

/** The input of the template in the reference adapter, or undefined for a request of another kind. */
function metricRequest(path: string): MetricRequest | undefined {
  const url = new URL(path, 'http://reference');
  const parts = /v1beta2\/namespaces\/([^/]+)\/(?:metrics|pods\/([^/]+))\/([^/]+)$/.exec(
    url.pathname,
  );
  if (parts === null) {
    return undefined;
  }
  const [, namespace = '', pod, metric = ''] = parts;
  const selector = url.searchParams.get('metricLabelSelector') ?? '';
  const [matchers, values] = SELECTORS[selector] ?? ['', []];
  const pods = pod === '*' ? (PODS[namespace] ?? '') : pod;
  const podMatcher = pods === undefined ? '' : `,pod${pod === '*' ? '=~' : '='}"${pods}"`;
  const label = pods === undefined ? 'namespace' : 'pod';
  const data = goStruct('naming.queryTemplateArgs', {
    Series: 'load',
    LabelMatchers: `${matchers}namespace="${namespace}"${podMatcher}`,
    LabelValuesByName: goMap([
      ...values,
      ['namespace', namespace],
      ...(pods === undefined ? [] : [['pod', pods] as const]),
    ]),
    GroupBy: label,
    GroupBySlice: goStrings([label]),
  });
  return { metric, data };
}

describe('the recorded queries', () => {
  const parsed: unknown = load(read('configs/08-query-templates.yaml'));
  const { rules } = isRulesFile(parsed) ? parsed : { rules: [] };
  const texts = new Map(rules.map(({ name, metricsQuery }) => [name.as, metricsQuery ?? '']));
  const cases: readonly RecordedCase[] = JSON.parse(read('cases/08-query-templates.json'));
  const requests = cases.flatMap((recorded) => {
    const request = metricRequest(recorded.request.path);
    return request === undefined ? [] : [{ ...recorded, ...request, path: recorded.request.path }];
  });

  test('include every template', () => {
    expect(texts.size).toBeGreaterThan(40);
    expect(new Set(requests.map(({ metric }) => metric))).toEqual(new Set(texts.keys()));
  });

  test.each(requests)('$path', ({ metric, data, queries, log = [] }) => {
    const template = parseTemplate('metrics-query', texts.get(metric) ?? '');
    const [query] = queries;
    const complaint = log.map((line) => /unable to construct query.*?: (.*)/s.exec(line)?.[1])[0];
    if (query !== undefined) {
      expect(template.execute(data)).toBe(query);
    } else if (complaint === 'empty query produced by metrics query template') {
      expect(template.execute(data)).toBe('');
    } else {
      expect(() => template.execute(data)).toThrow(withOurDelimiters(complaint ?? ''));
    }
  });
});

describe('the recorded refusals', () => {
  const faults: readonly RecordedFault[] = JSON.parse(read('invalid.json'));
  const refused = faults.flatMap(({ name, fatal }) => {
    const [, quoted, reason] =
      /template ("(?:[^"\\]|\\.)*").*?: (template: .*)/s.exec(fatal ?? '') ?? [];
    return quoted === undefined || reason === undefined
      ? []
      : [{ name, text: String(JSON.parse(quoted)), reason }];
  });

  test('exist', () => {
    expect(refused.length).toBeGreaterThan(12);
  });

  test.each(refused)('$name: $text', ({ text, reason }) => {
    const [, name = ''] = /^template: ([^:]*)/.exec(reason) ?? [];
    const resource = goStruct('schema.GroupResource', { Group: '', Resource: '' });
    // Our message may be longer than that of Go.
    const message = expect.stringMatching(startingWith(withOurDelimiters(reason)));
    expect(() => parseTemplate(name, text).execute(resource)).toThrow(
      expect.objectContaining({ name: 'TemplateError', message }),
    );
  });
});

test('the recorded label templates', () => {
  const resource = goStruct('schema.GroupResource', { Group: 'cheese_io', Resource: 'brand' });
  const write = (text: string): string => parseTemplate('resource-label', text).execute(resource);
  expect(write('kube_<<.Resource>>')).toBe('kube_brand');
  expect(write('k8s_<<.Group>>_<<.Resource>>')).toBe('k8s_cheese_io_brand');
  expect(write('<<.Resource>><<if .Group>><<end>>')).toBe('brand');
  expect(() => write('kube_<<.Kind>>')).toThrow(TemplateError);
});

/** Go shows its default delimiters in messages, even if others are set. */
function withOurDelimiters(message: string): string {
  return message.replaceAll('{{', '<<').replaceAll('}}', '>>');
}

function startingWith(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`);
}

function isRulesFile(file: unknown): file is RulesFile {
  return typeof file === 'object' && file !== null && 'rules' in file && Array.isArray(file.rules);
}
