import { parseFieldSelector } from '../../apimachinery/field-selector.ts';
import { checkNumbers, readLabelSelector, rejectWatch } from '../../apiserver/http/list-options.ts';
import { type ApiPath, operationName } from '../../apiserver/registration/api-path.ts';
import type {
  ApiGroup,
  ApiRegistration,
  ApiRequest,
  ApiResource,
} from '../../apiserver/registration/api-registration.ts';
import { objectMediaTypes } from '../../apiserver/representation/negotiation.ts';
import { TableAnswer } from '../../apiserver/representation/table.ts';
import { badRequest, resourceNotFound } from '../../apiserver/status.ts';
import {
  type ResourceMetrics,
  type ResourceMetricsRequest,
  selectableFields,
} from '../../metrics/resource.ts';
import { type MetricsContext, metricsErrorStatus } from '../metrics-api.ts';
import { type ResourceMetricsKind, resourceMetricTypes, typeName } from './kinds.ts';
import { nodeMetrics, podMetrics } from './objects.ts';

const group: ApiGroup = { name: 'metrics.k8s.io', versions: ['v1beta1'] };

const resources: readonly ApiResource[] = [
  {
    name: 'nodes',
    singularName: '',
    namespaced: false,
    kind: 'NodeMetrics',
    verbs: ['get', 'list'],
  },
  { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
];

const NODE_METRICS = typeName('NodeMetrics');
const POD_METRICS = typeName('PodMetrics');

/**
 * metrics.k8s.io.
 *
 * @param now a clock in milliseconds
 */
export function resourceMetricsApi(
  metrics: ResourceMetrics,
  now: () => number,
): ApiRegistration<MetricsContext> {
  return {
    group,
    types: resourceMetricTypes,
    paths,
    resources: () => resources,
    alsoProduces: [],
    statusOf: metricsErrorStatus,
    get: (request) => find(metrics, request, now() / 1000),
  };
}

/** @param now in seconds since the epoch */
async function find(
  metrics: ResourceMetrics,
  { segments, query, signal, flow, context: { onQuery } }: ApiRequest<MetricsContext>,
  now: number,
): Promise<TableAnswer> {
  const { resource, namespace, name } = parsePath(segments);
  const caller = { signal, flow, onQuery };
  if (resource === 'nodes') {
    if (name !== undefined) {
      const node = await metrics.node({ name, ...caller });
      return new TableAnswer(NODE_METRICS, false, [nodeMetrics(node, now)]);
    }
    const nodes = await metrics.nodes({ ...listOptions(resource, query), ...caller });
    return new TableAnswer(
      NODE_METRICS,
      true,
      nodes.map((node) => nodeMetrics(node, now)),
    );
  }
  if (name !== undefined && namespace !== undefined) {
    const pod = await metrics.pod({ namespace, name, ...caller });
    return new TableAnswer(POD_METRICS, false, [podMetrics(pod, now)]);
  }
  const pods = await metrics.pods({ namespace, ...listOptions(resource, query), ...caller });
  return new TableAnswer(
    POD_METRICS,
    true,
    pods.map((pod) => podMetrics(pod, now)),
  );
}

interface ResourceMetricsPath {
  readonly resource: 'nodes' | 'pods';
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** `nodes[/name]`, `pods`, `namespaces/ns/pods[/name]`. Throws a Status 404 for anything else. */
function parsePath(segments: readonly string[]): ResourceMetricsPath {
  const [first, second, third, fourth] = segments;
  const length = segments.length;
  if (first === 'nodes' && length <= 2) {
    return { resource: first, namespace: undefined, name: second };
  }
  if (first === 'pods' && length === 1) {
    return { resource: first, namespace: undefined, name: undefined };
  }
  if (first === 'namespaces' && third === 'pods' && length <= 4 && second !== '') {
    return { resource: third, namespace: second, name: fourth };
  }
  throw resourceNotFound();
}

function listOptions(
  resource: 'nodes' | 'pods',
  query: URLSearchParams,
): Pick<ResourceMetricsRequest, 'selector' | 'fields'> {
  checkNumbers(query);
  const selector = readLabelSelector(query);
  const fields = parseFieldSelector(fieldSelectorIn(query), selectableFields);
  rejectWatch(query, group.name, resource);
  return { selector, fields };
}

/** In characters: it is compared with every object. */
const LONGEST_FIELD_SELECTOR = 4096;

function fieldSelectorIn(query: URLSearchParams): string {
  const text = query.get('fieldSelector') ?? '';
  if (text.length <= LONGEST_FIELD_SELECTOR) return text;
  throw badRequest(
    `fieldSelector: expected at most ${LONGEST_FIELD_SELECTOR} characters, got ${text.length}`,
  );
}

function paths(version: string): readonly ApiPath[] {
  const path = (suffix: string, objects: string, kind: ResourceMetricsKind): ApiPath => {
    const isList = !suffix.endsWith('{name}');
    const verb = isList ? 'list' : 'read';
    return {
      path: `/apis/${group.name}/${version}/${suffix}`,
      parameters: {
        namespace: 'The name of a namespace.',
        name: kind === 'NodeMetrics' ? 'The name of a node.' : 'The name of a pod.',
      },
      query: isList ? listParameters : [],
      description: `get the CPU and memory that ${objects} uses`,
      operationId: `${verb}${operationName(group.name)}${operationName(version)}${operationName(objects)}`,
      tag: group.name,
      produces: objectMediaTypes,
      answer: typeName(isList ? `${kind}List` : kind),
      kind: { group: group.name, version, kind },
    };
  };
  return [
    path('nodes', 'each node', 'NodeMetrics'),
    path('nodes/{name}', 'a node', 'NodeMetrics'),
    path('pods', 'each pod of all namespaces', 'PodMetrics'),
    path('namespaces/{namespace}/pods', 'each pod of a namespace', 'PodMetrics'),
    path('namespaces/{namespace}/pods/{name}', 'a pod', 'PodMetrics'),
  ];
}

const listParameters = [
  { name: 'labelSelector', description: 'A selector on the labels of the objects.' },
  {
    name: 'fieldSelector',
    description: 'A selector on metadata.name and metadata.namespace.',
  },
];
