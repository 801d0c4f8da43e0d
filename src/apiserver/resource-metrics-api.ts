import { parseFieldSelector } from '../apimachinery/field-selector.ts';
import {
  type ResourceMetrics,
  type ResourceMetricsRequest,
  selectableFields,
} from '../metrics/resource.ts';
import { resourceMetricsGroup } from './discovery/api-group.ts';
import { type ApiResource, apiResourceList } from './discovery/discovery.ts';
import { checkNumbers, readLabelSelector, refuseWatch } from './http/list-options.ts';
import type { MetricsApi, MetricsRequest } from './metrics-api.ts';
import { convert, tableConversions } from './representation/table.ts';
import {
  type MetricsObject,
  metricsColumns,
  metricsList,
  nodeMetrics,
  podMetrics,
} from './resource-metrics-object.ts';
import { badRequest, resourceNotFound } from './status.ts';

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

const list = apiResourceList(`${resourceMetricsGroup.name}/v1beta1`, resources);

/**
 * metrics.k8s.io.
 *
 * @param now a clock in milliseconds
 */
export function resourceMetricsApi(metrics: ResourceMetrics, now: () => number): MetricsApi {
  return {
    group: resourceMetricsGroup,
    offer: { alsoProduces: [], conversions: tableConversions },
    resources: () => list,
    async get(request) {
      const { kind, isList, objects } = await find(metrics, request, now() / 1000);
      const { conversion, query } = request;
      if (conversion !== undefined) {
        return convert(objects, isList, metricsColumns, conversion, query);
      }
      const [first] = objects;
      return isList || first === undefined ? metricsList(kind, objects) : first.object;
    },
  };
}

interface Found {
  readonly kind: 'PodMetrics' | 'NodeMetrics';
  /** Whether a list was asked for. */
  readonly isList: boolean;
  readonly objects: readonly MetricsObject[];
}

/** @param now in seconds since the epoch */
async function find(
  metrics: ResourceMetrics,
  { segments, query, signal, flow, onQuery }: MetricsRequest,
  now: number,
): Promise<Found> {
  const { resource, namespace, name } = parsePath(segments);
  const caller = { signal, flow, onQuery };
  if (resource === 'nodes') {
    const kind = 'NodeMetrics';
    if (name !== undefined) {
      const node = await metrics.node({ name, ...caller });
      return { kind, isList: false, objects: [nodeMetrics(node, now)] };
    }
    const nodes = await metrics.nodes({ ...listOptions(resource, query), ...caller });
    return { kind, isList: true, objects: nodes.map((node) => nodeMetrics(node, now)) };
  }
  const kind = 'PodMetrics';
  if (name !== undefined && namespace !== undefined) {
    const pod = await metrics.pod({ namespace, name, ...caller });
    return { kind, isList: false, objects: [podMetrics(pod, now)] };
  }
  const pods = await metrics.pods({ namespace, ...listOptions(resource, query), ...caller });
  return { kind, isList: true, objects: pods.map((pod) => podMetrics(pod, now)) };
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
  const selector = readLabelSelector(query, 'labelSelector');
  const fields = parseFieldSelector(fieldSelectorIn(query), selectableFields);
  refuseWatch(query, resourceMetricsGroup.name, resource);
  return { selector, fields };
}

/** In characters: it is compared with every object, as a label selector is. */
const LONGEST_FIELD_SELECTOR = 4096;

function fieldSelectorIn(query: URLSearchParams): string {
  const text = query.get('fieldSelector') ?? '';
  if (text.length <= LONGEST_FIELD_SELECTOR) return text;
  throw badRequest(
    `fieldSelector: expected at most ${LONGEST_FIELD_SELECTOR} characters, got ${text.length}`,
  );
}
