import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

/** A request as it was sent to the reference adapter; see data/README.md, `cases/NAME.json`. */
export interface RecordedRequest {
  readonly method: string;
  /** Request target, sent exactly like this. */
  readonly path: string;
  /** Absent: `Accept: application/json`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Absent: a user with all permissions. */
  readonly user?: 'anonymous' | 'alice';
}

/** The answer of an adapter, and its queries to Prometheus. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** Parsed JSON where the answer is JSON, else its text; null where it is binary. */
  readonly body: unknown;
  /** The PromQL texts of the instant queries that the request caused, in order. */
  readonly queries: readonly string[];
}

export interface RecordedCase extends Answer {
  readonly request: RecordedRequest;
}

/** A case with its place in the recordings. */
export interface GoldenCase {
  /** Name of the configuration, e.g. `01-overrides`. */
  readonly config: string;
  /** Position in `cases/<config>.json`, from 0. */
  readonly index: number;
  readonly recorded: RecordedCase;
}

/** The configurations of `configs/` and `cases/`, in the order of their numbers. */
export const configNames = [
  '01-overrides',
  '02-template',
  '03-template-group',
  '04-template-and-overrides',
  '05-names',
  '06-filters',
  '07-collisions',
  '08-query-templates',
  '09-ratios',
  '10-external',
  '11-resource',
  '12-all-three',
  '12b-resource-broken',
  '13-stock',
  '14-nginx',
  '15-selectors',
  '16-http',
  '17-relist-fails',
] as const;

const isCaseFile = new Ajv({ strict: true }).compile<RecordedCase[]>({
  type: 'array',
  items: {
    type: 'object',
    required: ['request', 'status', 'contentType', 'body', 'queries'],
    additionalProperties: false,
    properties: {
      request: {
        type: 'object',
        required: ['method', 'path'],
        additionalProperties: false,
        properties: {
          method: { type: 'string' },
          path: { type: 'string', pattern: '^/' },
          headers: { type: 'object', additionalProperties: { type: 'string' }, required: [] },
          body: { type: 'string' },
          user: { enum: ['anonymous', 'alice'] },
        },
      },
      status: { type: 'integer' },
      contentType: { type: 'string' },
      body: {},
      queries: { type: 'array', items: { type: 'string' } },
      log: {},
    },
  },
});

/**
 * The text of a file of test/golden/data.
 *
 * @param path relative to that folder, e.g. `configs/01-overrides.yaml`.
 */
export function readData(path: string): string {
  return readFileSync(dataPath(path), 'utf8');
}

/** The absolute path of a file of test/golden/data. */
export function dataPath(path: string): string {
  return new URL(`data/${path}`, import.meta.url).pathname;
}

/**
 * The cases recorded with one configuration.
 *
 * @throws Error naming the file where it does not have the form that data/README.md describes.
 */
export function loadCases(config: string): GoldenCase[] {
  const path = `cases/${config}.json`;
  const entries: unknown = JSON.parse(readData(path));
  if (!isCaseFile(entries)) {
    throw new Error(`${path}: ${JSON.stringify(isCaseFile.errors?.[0])}`);
  }
  return entries.map((recorded, index) => ({ config, index, recorded }));
}

/** How reports and test names call a case, e.g. `#12 GET /apis`. */
export function caseTitle({ index, recorded: { request } }: GoldenCase): string {
  const user = request.user === undefined ? [] : [`as ${request.user}`];
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  const extra = [...user, ...headers].join(', ');
  return `#${index} ${request.method} ${request.path}${extra === '' ? '' : ` (${extra})`}`;
}
