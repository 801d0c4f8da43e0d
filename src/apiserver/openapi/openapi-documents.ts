import type { ApiPath } from '../registration/api-path.ts';
import type { ApiRegistration } from '../registration/api-registration.ts';
import type { ApiTypes } from '../registration/api-type.ts';
import { serverTypes } from '../registration/server-types.ts';
import { createDocument, type Document } from '../representation/document.ts';
import { openApiV2 } from './openapi-v2.ts';
import { openApiV3 } from './openapi-v3.ts';
import { groupListPath, groupPath, resourceListPath, versionPath } from './server-paths.ts';

/** The OpenAPI documents of the server. */
export interface OpenApiDocuments {
  readonly v2: Document;
  /** The list of the v3 documents, with a hash of each. */
  readonly v3Index: Document;
  /** By the path below `/openapi/v3/`, e.g. `apis/custom.metrics.k8s.io/v1beta2`. */
  readonly v3: ReadonlyMap<string, Document>;
}

/** The part of an API that OpenAPI describes. */
type DescribedApi = Pick<ApiRegistration<unknown>, 'group' | 'types' | 'paths'>;

/**
 * The OpenAPI documents of APIs. They are rebuilt only when other groups are served: they do not
 * depend on the resources of an API.
 */
export function createOpenApi(): (apis: readonly DescribedApi[]) => OpenApiDocuments {
  let current: { key: string; documents: OpenApiDocuments } | undefined;
  return (apis) => {
    const key = JSON.stringify(apis.map(({ group }) => group));
    if (current?.key !== key) current = { key, documents: openApiDocuments(apis) };
    return current.documents;
  };
}

function openApiDocuments(apis: readonly DescribedApi[]): OpenApiDocuments {
  const types: ApiTypes = new Map([...serverTypes, ...apis.flatMap((api) => [...api.types])]);
  const parts = new Map<string, readonly ApiPath[]>([
    ['apis', [groupListPath]],
    ...apis.map(({ group }): [string, readonly ApiPath[]] => [
      `apis/${group.name}`,
      [groupPath(group)],
    ]),
    ...apis.flatMap(({ group, paths }) =>
      group.versions.map((version): [string, readonly ApiPath[]] => [
        `apis/${group.name}/${version}`,
        [resourceListPath(group, version), ...paths(version)],
      ]),
    ),
    ['version', [versionPath]],
  ]);
  const v3 = new Map(
    [...parts].map(([name, paths]) => [name, createDocument(openApiV3(paths, types))]),
  );
  return {
    v2: createDocument(openApiV2([...parts.values()].flat(), types)),
    v3,
    v3Index: createDocument({
      paths: Object.fromEntries(
        [...v3].map(([name, { etag }]) => [name, { serverRelativeURL: addressOf(name, etag) }]),
      ),
    }),
  };
}

/** The address of a document of v3. With its hash in it, the content at an address never changes. */
export function addressOf(name: string, etag: string): string {
  return `/openapi/v3/${name}?hash=${etag.slice(1, -1)}`;
}
