import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiserverHost, startApiserver } from './apiserver-host.ts';

interface PathItem {
  readonly get: {
    readonly operationId: string;
    readonly responses: { readonly 200: { readonly content: Record<string, { schema: object }> } };
  };
}

interface OpenApiV3 {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const values: Readonly<Record<string, string>> = {
  namespace: 'shop',
  resource: 'pods',
  name: 'web-0',
  metric: 'load',
};

let host: ApiserverHost;
const documents: OpenApiV3[] = [];
let swagger: { paths: Record<string, unknown>; definitions: Record<string, object> };

beforeAll(async () => {
  host = await startApiserver();
  const index = JSON.parse((await host.send('GET', '/openapi/v3')).body.toString());
  for (const { serverRelativeURL } of Object.values<{ serverRelativeURL: string }>(index.paths)) {
    documents.push(JSON.parse((await host.send('GET', serverRelativeURL)).body.toString()));
  }
  swagger = JSON.parse((await host.send('GET', '/openapi/v2')).body.toString());
});
afterAll(() => host.close(0));

/** JSON Schema and OpenAPI 3.0 mark nullable values in different ways. */
function withNull(schemas: object): object {
  return JSON.parse(JSON.stringify(schemas), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('nullable' in value)) return value;
    const { nullable, ...rest } = value;
    return nullable === true ? { anyOf: [{ type: 'null' }, rest] } : rest;
  });
}

describe('what OpenAPI describes', () => {
  it('is the same in both versions', () => {
    const paths = documents.flatMap((document) => Object.keys(document.paths));
    expect(paths.toSorted()).toEqual(Object.keys(swagger.paths).toSorted());
    const schemas = documents.flatMap(({ components }) => Object.keys(components.schemas));
    expect([...new Set(schemas)].toSorted()).toEqual(Object.keys(swagger.definitions).toSorted());
    const ids = documents.flatMap(({ paths: items }) =>
      Object.values(items).map(({ get }) => get.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('matches the responses: every path returns an object of its schema', async () => {
    for (const { paths, components } of documents) {
      // The formats and the extensions of Kubernetes are no business of JSON Schema.
      const ajv = new Ajv({ strict: false, logger: false });
      ajv.addSchema({ $id: 'openapi', components: withNull(components) });
      for (const [path, { get }] of Object.entries(paths)) {
        const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
        for (const [accept, { schema }] of Object.entries(get.responses[200].content)) {
          const answer = await host.send('GET', target, { accept });
          expect([target, answer.status, answer.headers['content-type']]).toEqual([
            target,
            200,
            accept,
          ]);
          if (accept !== 'application/json') continue;
          const { $ref }: { $ref?: string } = schema;
          const validate = ajv.compile({ $ref: `openapi${$ref}` });
          validate(JSON.parse(answer.body.toString()));
          expect(validate.errors, target).toBeNull();
        }
      }
    }
  });

  it('has every field of a response', async () => {
    const answer = await host.send('GET', '/apis/custom.metrics.k8s.io/v1beta2/nodes/a/load');
    const [item] = JSON.parse(answer.body.toString()).items;
    const name = 'io.k8s.metrics.pkg.apis.custom_metrics.v1beta2.MetricValue';
    const schema: { properties?: object } = swagger.definitions[name] ?? {};
    expect(Object.keys(schema.properties ?? {})).toEqual(expect.arrayContaining(Object.keys(item)));
  });
});
