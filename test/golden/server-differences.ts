import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import type { RealServer } from '../fixtures/real-servers.ts';
import type { GoldenCase } from './recorded-cases.ts';

/** Cases that some servers answer otherwise than Prometheus 2.42. */
export interface ServerDifference {
  /** How the names of the servers begin, e.g. `Prometheus 3`. */
  readonly servers: readonly string[];
  readonly reason: string;
  readonly cases: readonly DifferentCase[];
}

export interface DifferentCase {
  readonly config: string;
  /** The place in `cases/<config>.json`, as the title of the case has it. */
  readonly index: number;
  /** The path of the case, as far as the first `?`. */
  readonly path: string;
  /** The HTTP status of the answer. */
  readonly status: number;
}

const isDifferences = new Ajv({ strict: true }).compile<ServerDifference[]>({
  type: 'array',
  items: {
    type: 'object',
    required: ['servers', 'reason', 'cases'],
    additionalProperties: false,
    properties: {
      servers: { type: 'array', items: { type: 'string' }, minItems: 1 },
      reason: { type: 'string', minLength: 20 },
      cases: {
        type: 'array',
        items: {
          type: 'object',
          required: ['config', 'index', 'path', 'status'],
          additionalProperties: false,
          properties: {
            config: { type: 'string' },
            index: { type: 'integer' },
            path: { type: 'string' },
            status: { type: 'integer' },
          },
        },
      },
    },
  },
});

/**
 * Reads server-differences.yaml.
 *
 * @throws Error naming the file and the first thing in it that has another form than expected.
 */
export function parseServerDifferences(yaml: string): readonly ServerDifference[] {
  const content = load(yaml);
  if (!isDifferences(content)) {
    throw new Error(`server-differences.yaml: ${JSON.stringify(isDifferences.errors?.[0])}`);
  }
  return content;
}

/**
 * How a server answers a case otherwise; undefined where it does not.
 *
 * @throws Error where the path of the entry is not that of the case
 */
export function differenceOf(
  server: RealServer,
  { config, index, recorded }: GoldenCase,
  differences: readonly ServerDifference[],
): DifferentCase | undefined {
  const found = differences
    .filter(({ servers }) => servers.some((name) => server.name.startsWith(name)))
    .flatMap(({ cases }) => cases)
    .find((one) => one.config === config && one.index === index);
  const [path] = recorded.request.path.split('?');
  if (found !== undefined && found.path !== path) {
    throw new Error(`server-differences.yaml: ${config} #${index} is ${path}, not ${found.path}`);
  }
  return found;
}
