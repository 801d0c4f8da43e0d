import type { Answer } from './recorded-cases.ts';

/** One place where two answers differ. */
export interface Difference {
  /** Where, e.g. `body.items[0].value`. */
  readonly at: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

export interface ComparisonOptions {
  /**
   * `as-listed`: items of metric lists are compared position by position. `any`: external items
   * may come in any order, because the answer of Prometheus came in another order.
   */
  readonly itemOrder?: 'as-listed' | 'any';
}

/**
 * Where an answer differs from the expected one, after the normalisations of data/README.md.
 * Nothing else is forgiven: a key too many counts as much as one too few.
 *
 * @returns an empty list where the answers are the same.
 */
export function compareAnswers(
  expected: Answer,
  actual: Answer,
  options: ComparisonOptions = {},
): Difference[] {
  const [expectedBody, actualBody] = alignBodies(expected.body, actual.body, options);
  return [
    ...compareValues('status', expected.status, actual.status),
    ...compareValues('contentType', expected.contentType, actual.contentType),
    ...compareValues('body', expectedBody, actualBody),
    ...compareValues('queries', expected.queries, actual.queries),
  ];
}

/** Differences as text, one a line, for the message of a failed test. */
export function describeDifferences(differences: readonly Difference[]): string {
  return differences
    .map(({ at, expected, actual }) => `${at}: expected ${show(expected)}, got ${show(actual)}`)
    .join('\n');
}

/**
 * A body without the parts that depend on the time or the host: times become `T`, the addresses of
 * the server and the hashes of OpenAPI documents go, resources of discovery documents are sorted by name.
 *
 * A time that is not written as Kubernetes writes it (RFC 3339, whole seconds, UTC) stays as it is,
 * so that it shows as a difference.
 */
function normalizeBody(body: unknown): unknown {
  if (typeof body === 'string') return normalizeYaml(body);
  if (Array.isArray(body)) return body.map(normalizeBody);
  if (!isObject(body)) return body;
  const kept = Object.entries(body).filter(([key]) => key !== 'serverAddressByClientCIDRs');
  return Object.fromEntries(
    kept.map(([key, value]) => {
      if (key === 'timestamp' || key === 'creationTimestamp') return [key, normalizeTime(value)];
      if (key === 'resources' && Array.isArray(value)) return [key, sortByName(value)];
      if (key === 'serverRelativeURL') return [key, String(value).replace(/\?hash=[0-9A-F]+$/, '')];
      return [key, normalizeBody(value)];
    }),
  );
}

/** Times in an answer that is YAML. */
function normalizeYaml(text: string): string {
  return text.replaceAll(
    /^( *(?:timestamp|creationTimestamp):) "(.*)"$/gm,
    (_, key: string, time: string) => `${key} ${normalizeTime(time)}`,
  );
}

const kubernetesTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function normalizeTime(value: unknown): unknown {
  return typeof value === 'string' && kubernetesTime.test(value) ? 'T' : value;
}

function sortByName(resources: readonly unknown[]): unknown[] {
  return resources.map(normalizeBody).sort((a, b) => compareText(nameOf(a), nameOf(b)));
}

function nameOf(value: unknown): string {
  return isObject(value) && typeof value.name === 'string' ? value.name : '';
}

function alignBodies(
  expected: unknown,
  actual: unknown,
  options: ComparisonOptions,
): [unknown, unknown] {
  const pair: [unknown, unknown] = [normalizeBody(expected), normalizeBody(actual)];
  const listed = shortenPathList(...pair);
  return options.itemOrder === 'any' ? [sortItems(listed[0]), sortItems(listed[1])] : listed;
}

/** The recordings hold `(list)` where the paths themselves were of no interest. */
function shortenPathList(expected: unknown, actual: unknown): [unknown, unknown] {
  const isShort = isObject(expected) && expected.paths === '(list)';
  if (!isShort || !isObject(actual) || !isPathList(actual.paths)) return [expected, actual];
  return [expected, { ...actual, paths: '(list)' }];
}

/** The paths of the server, or those of its OpenAPI documents. */
function isPathList(paths: unknown): boolean {
  const listed = Array.isArray(paths) ? paths : isObject(paths) ? pathsOf(paths) : [];
  return (
    listed.length > 0 && listed.every((path) => typeof path === 'string' && path.startsWith('/'))
  );
}

function pathsOf(documents: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Object.values(documents).map((document) =>
    isObject(document) ? document.serverRelativeURL : undefined,
  );
}

function sortItems(body: unknown): unknown {
  if (!isObject(body) || body.kind !== 'ExternalMetricValueList' || !Array.isArray(body.items)) {
    return body;
  }
  const byText = body.items.map((item: unknown) => ({ item, text: canonicalText(item) }));
  byText.sort((a, b) => compareText(a.text, b.text));
  return { ...body, items: byText.map(({ item }) => item) };
}

function compareValues(at: string, expected: unknown, actual: unknown): Difference[] {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return compareArrays(at, expected, actual);
  }
  if (isObject(expected) && isObject(actual)) return compareObjects(at, expected, actual);
  return Object.is(expected, actual) ? [] : [{ at, expected, actual }];
}

function compareArrays(at: string, expected: unknown[], actual: unknown[]): Difference[] {
  const places = Array.from({ length: Math.max(expected.length, actual.length) }, (_, i) => i);
  return places.flatMap((i) => compareValues(`${at}[${i}]`, expected[i], actual[i]));
}

function compareObjects(
  at: string,
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): Difference[] {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
  return keys.flatMap((key) => compareValues(`${at}.${key}`, expected[key], actual[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'undefined';
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalText(value[key])}`).join(',')}}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
