import { type ApiPath, operationName } from '../registration/api-path.ts';
import type { ApiGroup } from '../registration/api-registration.ts';
import { typeNames } from '../registration/server-types.ts';
import { JSON_TYPE, objectMediaTypes } from '../representation/negotiation.ts';

/** `/version`. */
export const versionPath: ApiPath = {
  path: '/version/',
  parameters: {},
  query: [],
  description: 'get the version of this server',
  operationId: 'getCodeVersion',
  tag: 'version',
  produces: [JSON_TYPE],
  answer: typeNames.versionInfo,
};

/** `/apis`. */
export const groupListPath: ApiPath = {
  path: '/apis/',
  parameters: {},
  query: [],
  description: 'get the API groups',
  operationId: 'getAPIVersions',
  tag: 'apis',
  produces: objectMediaTypes,
  answer: typeNames.apiGroupList,
};

/** `/apis/<group>`. */
export function groupPath({ name }: ApiGroup): ApiPath {
  return {
    path: `/apis/${name}/`,
    parameters: {},
    query: [],
    description: 'get the versions of an API group',
    operationId: `get${operationName(name)}APIGroup`,
    tag: name,
    produces: objectMediaTypes,
    answer: typeNames.apiGroup,
  };
}

/** `/apis/<group>/<version>`. */
export function resourceListPath({ name }: ApiGroup, version: string): ApiPath {
  return {
    path: `/apis/${name}/${version}/`,
    parameters: {},
    query: [],
    description: 'get the available resources',
    operationId: `get${operationName(name)}${operationName(version)}APIResources`,
    tag: name,
    produces: objectMediaTypes,
    answer: typeNames.apiResourceList,
  };
}
