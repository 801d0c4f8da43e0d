// Prometheus servers of several releases that accept or reject queries.
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { ACCEPTERS, type Accepter } from './accepters.ts';
import type { ParsedNode } from './outline.ts';

export interface VerdictServers {
  /** What each server calls itself, e.g. `3.5.3`, in the order of `ACCEPTERS`. */
  readonly versions: readonly string[];
  /** One letter for each of `ACCEPTERS`, see `verdicts.json`. */
  query(query: string): Promise<string>;
  /** How the last of them parses a query; undefined where it refuses it. */
  parsed(query: string): Promise<ParsedNode | undefined>;
  /** The same of a selector that is sent as `match[]`: `v` or `-`. */
  seriesSelector(selector: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts one server for each of `ACCEPTERS`, without any series. */
export async function startVerdictServers(): Promise<VerdictServers> {
  const servers = await Promise.all(ACCEPTERS.map(start));
  const ofAll = async (ask: (server: RunningPrometheus) => Promise<string>) =>
    (await Promise.all(servers.map(ask))).join('');
  return {
    versions: await Promise.all(servers.map(versionOf)),
    query: (query) => ofAll((server) => verdictOnQuery(server, query)),
    parsed: (query) => parse(servers.at(-1), query),
    seriesSelector: (selector) => ofAll((server) => verdictOnSelector(server, selector)),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

function start({ version, features }: Accepter): Promise<RunningPrometheus> {
  return startPrometheus({
    version,
    flags: [
      `--query.timeout=${TIMEOUT}`,
      ...(features.length === 0 ? [] : [`--enable-feature=${features.join(',')}`]),
    ],
  });
}

/**
 * A multiple of most steps (minutes, hours, days, years), so that a subquery has a step in its range:
 * one without evaluates nothing.
 */
const TIME = '3311280000';

/** A subquery can have millions of steps. */
const TIMEOUT = '2s';

const TYPES: ReadonlyMap<unknown, string> = new Map([
  ['vector', 'v'],
  ['scalar', 's'],
  ['matrix', 'm'],
  ['string', 't'],
]);

async function verdictOnQuery({ url }: RunningPrometheus, query: string): Promise<string> {
  const { status, body } = await post(`${url}/api/v1/query`, { query, time: TIME });
  if (status === 400) return '-';
  // 503: evaluated for longer than the timeout.
  if (status === 422 || status === 503) return 'e';
  const type = TYPES.get(body.data?.resultType);
  if (status !== 200 || type === undefined) {
    throw new Error(`query ${query}: unexpected answer ${status} ${JSON.stringify(body)}`);
  }
  return type;
}

async function verdictOnSelector({ url }: RunningPrometheus, selector: string): Promise<string> {
  const { status } = await post(`${url}/api/v1/series`, { 'match[]': selector });
  if (status !== 200 && status !== 400) throw new Error(`selector ${selector}: status ${status}`);
  return status === 200 ? 'v' : '-';
}

async function parse(
  server: RunningPrometheus | undefined,
  query: string,
): Promise<ParsedNode | undefined> {
  const response = await fetch(`${server?.url}/api/v1/parse_query`, {
    method: 'POST',
    body: new URLSearchParams({ query }),
  });
  const { data }: { readonly data?: ParsedNode } = JSON.parse(await response.text());
  return data;
}

interface Answer {
  readonly data?: { readonly resultType?: unknown; readonly version?: string };
}

async function post(url: string, form: Record<string, string>) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  const body: Answer = JSON.parse(await response.text());
  return { status: response.status, body };
}

async function versionOf({ url }: RunningPrometheus): Promise<string> {
  const response = await fetch(`${url}/api/v1/status/buildinfo`);
  const { data }: Answer = JSON.parse(await response.text());
  return data?.version ?? '';
}

/** Whether servers of all releases run, and none stands in for another. */
export function areAllReleases(versions: readonly string[]): boolean {
  return ACCEPTERS.every(({ version }, index) => versions[index]?.startsWith(`${version}.`));
}
