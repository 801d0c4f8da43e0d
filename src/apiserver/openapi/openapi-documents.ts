import type { ApiGroup } from '../discovery/api-group.ts';
import { createDocument, type Document } from '../representation/document.ts';
import { type ApiPath, groupListPath, groupPath, versionPath, versionPaths } from './api-paths.ts';
import { openApiV2 } from './openapi-v2.ts';
import { openApiV3 } from './openapi-v3.ts';

/** The OpenAPI documents about what is served. */
export interface OpenApiDocuments {
  readonly v2: Document;
  /** Says which documents of v3 there are, and the hash of each. */
  readonly v3Index: Document;
  /** By what follows `/openapi/v3/`, e.g. `apis/custom.metrics.k8s.io/v1beta2`. */
  readonly v3: ReadonlyMap<string, Document>;
}

/**
 * The OpenAPI documents of API groups, made anew only when other groups are served: what they say
 * does not depend on which metrics there are.
 */
export function createOpenApi(): (groups: readonly ApiGroup[]) => OpenApiDocuments {
  let current: { key: string; documents: OpenApiDocuments } | undefined;
  return (groups) => {
    const key = JSON.stringify(groups);
    if (current?.key !== key) current = { key, documents: openApiDocuments(groups) };
    return current.documents;
  };
}

function openApiDocuments(groups: readonly ApiGroup[]): OpenApiDocuments {
  const parts = new Map<string, readonly ApiPath[]>([
    ['apis', [groupListPath]],
    ...groups.map((group): [string, readonly ApiPath[]] => [
      `apis/${group.name}`,
      [groupPath(group)],
    ]),
    ...groups.flatMap((group) =>
      group.versions.map((version): [string, readonly ApiPath[]] => [
        `apis/${group.name}/${version}`,
        versionPaths(group, version),
      ]),
    ),
    ['version', [versionPath]],
  ]);
  const v3 = new Map([...parts].map(([name, paths]) => [name, createDocument(openApiV3(paths))]));
  return {
    v2: createDocument(openApiV2([...parts.values()].flat())),
    v3,
    v3Index: createDocument({
      paths: Object.fromEntries(
        [...v3].map(([name, { etag }]) => [name, { serverRelativeURL: addressOf(name, etag) }]),
      ),
    }),
  };
}

/** Where a document of v3 is; the hash makes that an address whose content never changes. */
export function addressOf(name: string, etag: string): string {
  return `/openapi/v3/${name}?hash=${etag.slice(1, -1)}`;
}
