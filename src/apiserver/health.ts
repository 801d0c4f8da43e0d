import { type Answer, textAnswer } from './representation/answer.ts';

/** A condition of a healthy server. */
export interface HealthCheck {
  readonly name: string;
  /** Undefined if the condition holds, otherwise the reason. */
  readonly check: () => string | undefined;
}

/** What each health endpoint checks. */
export type HealthEndpoints = Readonly<
  Record<'healthz' | 'livez' | 'readyz', readonly HealthCheck[]>
>;

/** The paths of the endpoints and of their checks. */
export function healthPaths(endpoints: HealthEndpoints): readonly string[] {
  return Object.entries(endpoints).flatMap(([endpoint, checks]) => [
    `/${endpoint}`,
    ...checks.map(({ name }) => `/${endpoint}/${name}`),
  ]);
}

/**
 * The answer for `/healthz`, `/livez` and `/readyz`, or for one of their checks (`/readyz/ping`), in
 * the form of Kubernetes' own servers. `?verbose` lists the checks even if all of them succeed.
 * `?exclude=<check>` leaves one out and may be repeated.
 *
 * @returns undefined for another path
 */
export function healthAnswer(
  endpoints: HealthEndpoints,
  path: string,
  query: URLSearchParams,
): Answer | undefined {
  const [, endpoint = '', ...rest] = path.split('/');
  const checks = Object.entries(endpoints).find(([name]) => name === endpoint)?.[1];
  if (checks === undefined) return undefined;
  if (rest.length === 0 || (rest.length === 1 && rest[0] === '')) {
    return answerOf(endpoint, checks, query);
  }
  const name = rest.join('/');
  const check = checks.filter((each) => each.name === name);
  if (check.length === 0) return undefined;
  return answerOf(`${endpoint}/${name}`, check, new URLSearchParams());
}

function answerOf(
  endpoint: string,
  checks: readonly HealthCheck[],
  query: URLSearchParams,
): Answer {
  const excluded = new Set(query.getAll('exclude').filter((name) => name !== ''));
  const results = checks.map(({ name, check }) =>
    excluded.has(name) ? { name, excluded: true } : { name, fault: check() },
  );
  const lines = [...results.map(resultLine), ...unknownLines(excluded, checks)];
  const failed = results.some(({ fault }) => fault !== undefined);
  const verdict = `${endpoint} check ${failed ? 'failed' : 'passed'}`;
  const isLong = failed || query.has('verbose');
  const text = isLong ? [...lines, verdict, ''].join('\n') : 'ok';
  return textAnswer(failed ? 500 : 200, 'text/plain; charset=utf-8', text);
}

interface CheckResult {
  readonly name: string;
  readonly excluded?: boolean;
  readonly fault?: string | undefined;
}

function resultLine({ name, excluded, fault }: CheckResult): string {
  if (excluded) return `[+]${name} excluded: ok`;
  return fault === undefined ? `[+]${name} ok` : `[-]${name} failed: ${fault}`;
}

function unknownLines(
  excluded: ReadonlySet<string>,
  checks: readonly HealthCheck[],
): readonly string[] {
  const unknown = [...excluded].filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length === 0) return [];
  const names = unknown.map((name) => JSON.stringify(name.slice(0, 100))).join(', ');
  return [`warn: some health checks cannot be excluded: no matches for ${names}`];
}
