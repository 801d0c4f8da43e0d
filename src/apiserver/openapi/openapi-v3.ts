import { version } from '../../version.ts';
import type { ApiPath } from '../registration/api-path.ts';
import type { ApiTypes } from '../registration/api-type.ts';
import { type SchemaStyle, schemaObject, withReferences } from './schema-object.ts';

const style: SchemaStyle = { refPrefix: '#/components/schemas/', nullable: { nullable: true } };

/**
 * The OpenAPI 3.0 document of paths.
 *
 * @see https://spec.openapis.org/oas/v3.0.3
 */
export function openApiV3(paths: readonly ApiPath[], types: ApiTypes): object {
  const schemas = withReferences(
    paths.map(({ answer }) => answer),
    types,
  );
  return {
    openapi: '3.0.0',
    info: { title: 'prom-metrics-adapter', version },
    paths: Object.fromEntries(paths.map((each) => [each.path, pathItem(each)])),
    components: {
      schemas: Object.fromEntries(
        [...schemas].map(([name, schema]) => [name, schemaObject(schema, style)]),
      ),
      securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    },
  };
}

function pathItem({ path, query, ...rest }: ApiPath): object {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const parameters = [
    ...names.map((name) => ({
      name,
      in: 'path',
      required: true,
      description: rest.parameters[name],
      schema: { type: 'string' },
    })),
    ...query.map((each) => ({ ...each, in: 'query', schema: { type: 'string' } })),
  ];
  const schema = { $ref: `${style.refPrefix}${rest.answer}` };
  return {
    get: {
      description: rest.description,
      operationId: rest.operationId,
      tags: [rest.tag],
      ...(rest.kind && {
        'x-kubernetes-action': 'get',
        'x-kubernetes-group-version-kind': rest.kind,
      }),
      ...(parameters.length > 0 && { parameters }),
      responses: {
        200: {
          description: 'OK',
          content: Object.fromEntries(rest.produces.map((type) => [type, { schema }])),
        },
        401: { description: 'Unauthorized' },
      },
    },
  };
}
