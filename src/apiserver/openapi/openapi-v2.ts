import { version } from '../../version.ts';
import type { ApiPath } from '../registration/api-path.ts';
import type { ApiTypes } from '../registration/api-type.ts';
import { type SchemaStyle, schemaObject, withReferences } from './schema-object.ts';

const style: SchemaStyle = { refPrefix: '#/definitions/', nullable: { 'x-nullable': true } };

/**
 * The OpenAPI 2.0 document of paths, which the API server merges into its own.
 *
 * @see https://spec.openapis.org/oas/v2.0
 */
export function openApiV2(paths: readonly ApiPath[], types: ApiTypes): object {
  const schemas = withReferences(
    paths.map(({ answer }) => answer),
    types,
  );
  return {
    swagger: '2.0',
    info: { title: 'prom-metrics-adapter', version },
    paths: Object.fromEntries(paths.map((each) => [each.path, { get: operation(each) }])),
    definitions: Object.fromEntries(
      [...schemas].map(([name, schema]) => [name, schemaObject(schema, style)]),
    ),
    securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    security: [{ BearerToken: [] }],
  };
}

function operation({ path, parameters, query, ...rest }: ApiPath): object {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return {
    description: rest.description,
    operationId: rest.operationId,
    tags: [rest.tag],
    produces: rest.produces,
    schemes: ['https'],
    ...(rest.kind && {
      'x-kubernetes-action': 'get',
      'x-kubernetes-group-version-kind': rest.kind,
    }),
    parameters: [
      ...names.map((name) => ({
        name,
        in: 'path',
        required: true,
        type: 'string',
        uniqueItems: true,
        description: parameters[name],
      })),
      ...query.map((each) => ({ ...each, in: 'query', type: 'string', uniqueItems: true })),
    ],
    responses: {
      200: { description: 'OK', schema: { $ref: `${style.refPrefix}${rest.answer}` } },
      401: { description: 'Unauthorized' },
    },
  };
}
