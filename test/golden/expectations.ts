import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { type ComparisonOptions, compareAnswers } from './compare.ts';
import { type Answer, caseTitle, type GoldenCase } from './recorded-cases.ts';

/** Which cases an entry of deviations.yaml is about: those that fit every field. */
export interface CaseSelector {
  /** Absent: any. */
  readonly config?: string | readonly string[];
  /** Absent: any. */
  readonly method?: string;
  /** Request targets, exactly as recorded. */
  readonly path: string | readonly string[];
  /** The Accept header. Absent: `application/json`, the default. */
  readonly accept?: string | readonly string[];
  /** Absent: the default user, with all permissions. */
  readonly user?: string | readonly string[];
}

/** Changes of a list of metrics in a discovery document. */
export interface ResourceChanges {
  readonly add?: readonly { readonly name: string; readonly namespaced: boolean }[];
  readonly remove?: readonly string[];
  /** New values of `namespaced`, by name. */
  readonly namespaced?: Readonly<Record<string, boolean>>;
}

/**
 * The answer of this adapter if it differs from that of the reference. Fields that are not given are as
 * recorded; of `body`, `error`, `fields`, `items`, `values` and `resources` at
 * most one is given.
 */
export interface ExpectedAnswer {
  readonly status: number;
  /** The whole body. */
  readonly body?: unknown;
  /** The body is a Status with this reason and message. */
  readonly error?: { readonly reason: string; readonly message: string };
  /** The recorded list has these items. */
  readonly items?: readonly unknown[];
  /** The body is an object with exactly these fields: regular expressions for their texts. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The items of the recorded list have these values. */
  readonly values?: readonly string[];
  /** The recorded list of resources is changed like this. */
  readonly resources?: ResourceChanges;
  readonly queries?: readonly string[];
  /** `any`: see {@link ComparisonOptions}. */
  readonly itemOrder?: 'any';
}

export interface Deviation extends CaseSelector {
  readonly reason: string;
  readonly expect: ExpectedAnswer;
}

/**
 * A case whose answer depends on the order in which Prometheus answers (data/README.md names them):
 * compared exactly with the order of Prometheus 3.5 replayed. A Prometheus that sorts by labels
 * gives the same items in another order, or, where several samples belong to one object, `values`.
 */
export interface OrderDependence extends CaseSelector {
  readonly values?: readonly string[];
}

/** The expectation for one case. */
export type Expectation =
  | { readonly kind: 'same'; readonly order?: OrderDependence }
  | { readonly kind: 'deviating'; readonly deviation: Deviation };

/** The contents of deviations.yaml. */
export interface Exceptions {
  readonly deviations: readonly Deviation[];
  readonly prometheusOrder: readonly OrderDependence[];
}

const textOrTexts = {
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
};
const selectorProperties = {
  config: textOrTexts,
  method: { type: 'string' },
  path: textOrTexts,
  accept: textOrTexts,
  user: textOrTexts,
};
const texts = { type: 'array', items: { type: 'string' } };

const isDeviationFile = new Ajv({ strict: true }).compile<{
  cases: Deviation[];
  prometheusOrder: OrderDependence[];
}>({
  type: 'object',
  required: ['cases', 'prometheusOrder'],
  additionalProperties: false,
  properties: {
    cases: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'reason', 'expect'],
        additionalProperties: false,
        properties: {
          ...selectorProperties,
          reason: { type: 'string', minLength: 20 },
          expect: {
            type: 'object',
            required: ['status'],
            additionalProperties: false,
            properties: {
              status: { type: 'integer' },
              body: {},
              error: {
                type: 'object',
                required: ['reason', 'message'],
                additionalProperties: false,
                properties: { reason: { type: 'string' }, message: { type: 'string' } },
              },
              fields: { type: 'object', additionalProperties: { type: 'string' } },
              items: { type: 'array' },
              values: texts,
              resources: {
                type: 'object',
                additionalProperties: false,
                properties: {
                  add: {
                    type: 'array',
                    items: {
                      type: 'object',
                      required: ['name', 'namespaced'],
                      additionalProperties: false,
                      properties: { name: { type: 'string' }, namespaced: { type: 'boolean' } },
                    },
                  },
                  remove: texts,
                  namespaced: { type: 'object', additionalProperties: { type: 'boolean' } },
                },
              },
              queries: texts,
              itemOrder: { const: 'any' },
            },
          },
        },
      },
    },
    prometheusOrder: {
      type: 'array',
      items: {
        type: 'object',
        required: ['config', 'path'],
        additionalProperties: false,
        properties: { ...selectorProperties, values: texts },
      },
    },
  },
});

/**
 * Reads deviations.yaml.
 *
 * @throws Error naming the file and the first thing in it that has another form than expected.
 */
export function parseExceptions(yaml: string): Exceptions {
  const content = load(yaml);
  if (!isDeviationFile(content)) {
    throw new Error(`deviations.yaml: ${JSON.stringify(isDeviationFile.errors?.[0])}`);
  }
  return { deviations: content.cases, prometheusOrder: content.prometheusOrder };
}

/**
 * The expectation for a case.
 *
 * @throws Error where two entries are about it: a case deviates once, or it depends on an order.
 */
export function expectationOf(golden: GoldenCase, exceptions: Exceptions): Expectation {
  const found: Expectation[] = [
    ...exceptions.deviations
      .filter((deviation) => selects(deviation, golden))
      .map((deviation) => ({ kind: 'deviating', deviation }) as const),
    ...exceptions.prometheusOrder
      .filter((order) => selects(order, golden))
      .map((order) => ({ kind: 'same', order }) as const),
  ];
  if (found.length > 1) {
    throw new Error(`${golden.config} ${caseTitle(golden)}: ${found.length} entries are about it`);
  }
  return found[0] ?? { kind: 'same' };
}

/**
 * Entries that are about no case, or name a configuration or path that none of theirs has: one
 * line for each.
 */
export function unusedSelectors(cases: readonly GoldenCase[], exceptions: Exceptions): string[] {
  const selectors: CaseSelector[] = [...exceptions.deviations, ...exceptions.prometheusOrder];
  return selectors
    .flatMap(oneByOne)
    .filter((selector) => {
      return !cases.some((golden) => selects(selector, golden));
    })
    .map((selector) => JSON.stringify(selector));
}

/**
 * The answer that a deviation expects, completed with what is as recorded.
 *
 * @param actualBody what is held against the regular expressions of `fields`.
 */
export function deviatingAnswer(
  { recorded }: GoldenCase,
  expect: ExpectedAnswer,
  actualBody: unknown,
): Answer {
  return {
    status: expect.status,
    contentType: recorded.contentType,
    body: deviatingBody(recorded.body, expect, actualBody),
    queries: expect.queries ?? recorded.queries,
  };
}

/** Whether a deviation is equal to the recording, so that it is not a deviation. */
export function isNoDeviation(golden: GoldenCase, { expect }: Deviation): boolean {
  const { recorded } = golden;
  const options: ComparisonOptions = { itemOrder: expect.itemOrder ?? 'as-listed' };
  const deviating = deviatingAnswer(golden, expect, recorded.body);
  return compareAnswers(recorded, deviating, options).length === 0;
}

/**
 * The recorded answer with other values of its items.
 *
 * @throws Error where the answer has not just as many items.
 */
export function withValues(recorded: Answer, values: readonly string[]): Answer {
  return { ...recorded, body: bodyWithValues(recorded.body, values) };
}

function selects(selector: CaseSelector, { config, recorded: { request } }: GoldenCase): boolean {
  const { method } = selector;
  return (
    includes(selector.config, config) &&
    (method === undefined || method === request.method) &&
    includes(selector.path, request.path) &&
    includes(selector.accept ?? DEFAULT_ACCEPT, request.headers?.Accept ?? DEFAULT_ACCEPT) &&
    (selector.user === undefined
      ? request.user === undefined
      : includes(selector.user, request.user))
  );
}

const DEFAULT_ACCEPT = 'application/json';

function includes(
  wanted: string | readonly string[] | undefined,
  actual: string | undefined,
): boolean {
  if (wanted === undefined) return true;
  return actual !== undefined && listOf(wanted).includes(actual);
}

/** A selector for every configuration and path that it names. */
function oneByOne(selector: CaseSelector): CaseSelector[] {
  const { config, path, accept, user, method } = selector;
  const rest = method === undefined ? {} : { method };
  const configs = config === undefined ? [{}] : listOf(config).map((one) => ({ config: one }));
  const paths = listOf(path).map((one) => ({ path: one }));
  const accepts = accept === undefined ? [{}] : listOf(accept).map((one) => ({ accept: one }));
  const users = user === undefined ? [{}] : listOf(user).map((one) => ({ user: one }));
  return configs.flatMap((a) =>
    paths.flatMap((b) =>
      accepts.flatMap((c) => users.map((d) => ({ ...rest, ...a, ...b, ...c, ...d }))),
    ),
  );
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function deviatingBody(recorded: unknown, expect: ExpectedAnswer, actual: unknown): unknown {
  if ('body' in expect) return expect.body;
  if (expect.error !== undefined) return statusBody(expect.status, expect.error);
  if (expect.fields !== undefined) return matchingFields(expect.fields, actual);
  if (expect.items !== undefined) return { ...requireObject(recorded), items: expect.items };
  if (expect.values !== undefined) return bodyWithValues(recorded, expect.values);
  if (expect.resources !== undefined) return changeResources(recorded, expect.resources);
  return recorded;
}

/** The texts that fit as they are, and in place of those that do not what they should fit. */
function matchingFields(patterns: Readonly<Record<string, string>>, actual: unknown): object {
  const given = new Map<string, unknown>(
    typeof actual === 'object' && actual !== null ? Object.entries(actual) : [],
  );
  return Object.fromEntries(
    Object.entries(patterns).map(([key, pattern]) => {
      const value = given.get(key);
      const fits = typeof value === 'string' && new RegExp(`^(?:${pattern})$`).test(value);
      return [key, fits ? value : `text that fits ${pattern}`];
    }),
  );
}

function statusBody(
  code: number,
  { reason, message }: { reason: string; message: string },
): object {
  const status = 'Failure';
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status, message, reason, code };
}

function bodyWithValues(recorded: unknown, values: readonly string[]): unknown {
  const body = requireObject(recorded);
  const items: readonly unknown[] = Array.isArray(body.items) ? body.items : [];
  if (items.length !== values.length) {
    throw new Error(`${values.length} values for ${items.length} items`);
  }
  return {
    ...body,
    items: items.map((item, i) => ({ ...requireObject(item), value: values[i] })),
  };
}

function changeResources(recorded: unknown, changes: ResourceChanges): unknown {
  const body = requireObject(recorded);
  const listed: readonly unknown[] = Array.isArray(body.resources) ? body.resources : [];
  const names = listed.map((resource) => requireObject(resource).name);
  for (const name of [...(changes.remove ?? []), ...Object.keys(changes.namespaced ?? {})]) {
    if (!names.includes(name)) throw new Error(`${name} is not in the recorded list`);
  }
  const kept = listed
    .map(requireObject)
    .filter(({ name }) => !(changes.remove ?? []).some((removed) => removed === name))
    .map((resource) => {
      const namespaced = changes.namespaced?.[String(resource.name)];
      return namespaced === undefined ? resource : { ...resource, namespaced };
    });
  const added = (changes.add ?? []).map(({ name, namespaced }) => {
    if (names.includes(name)) throw new Error(`${name} is in the recorded list already`);
    return { name, singularName: '', namespaced, kind: 'MetricValueList', verbs: ['get'] };
  });
  return { ...body, resources: [...kept, ...added] };
}

function requireObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`expected an object, found ${JSON.stringify(value)}`);
  }
  return { ...value };
}
