import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';
import { selectorMatches } from '../../src/apimachinery/label-selector.ts';
import { parseLabelSelector } from '../../src/apimachinery/label-selector-parser.ts';
import { type AcceptedForm, acceptedForm } from './kubernetes-accept.ts';
import {
  aggregatedDocument,
  apiVersionsDocument,
  groupDocument,
  groupListDocument,
  groupVersion,
  resourceListDocument,
  type ServedGroup,
  type ServedResource,
} from './kubernetes-discovery.ts';
import {
  clusterOwnObjects,
  type KubernetesObject,
  metadataOnly,
  type ObjectChange,
  ObjectStore,
  resourceOf,
  showObject,
} from './kubernetes-objects.ts';
import { reviewAnswer } from './kubernetes-reviews.ts';

/**
 * The part of a Kubernetes API server that serves discovery, objects and reviews: plain HTTP, without
 * authentication. Paths and bodies follow the Kubernetes API concepts
 * (kubernetes.io/docs/reference/using-api/api-concepts).
 */
export interface KubernetesApi {
  /** e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  /** The objects; changes appear in lists and watches at once. */
  readonly objects: ObjectStore;
  /** Adds a group, e.g. of a custom resource. */
  addGroup(group: ServedGroup): void;
  /** The number of requests per path since the last reset; without the query string. */
  requestCounts(): ReadonlyMap<string, number>;
  resetRequestCounts(): void;
  /** Ends all connections, watches too. */
  close(): Promise<void>;
}

export interface KubernetesApiSettings {
  /** In the order in which the API server lists them. */
  readonly groups: readonly ServedGroup[];
  /** Besides those that every cluster has. */
  readonly objects: readonly KubernetesObject[];
  /** Where a kubeconfig for this server is written. */
  readonly kubeconfig: string;
  /** Answers reviews; by default as described at `reviewAnswer`. */
  readonly review?: AnswerReview;
}

/** The answer to a document that is sent to a path; undefined where the path takes no reviews. */
export type AnswerReview = (
  path: string,
  document: unknown,
) => object | undefined | Promise<object | undefined>;

/** Serves on a free port of 127.0.0.1. */
export async function startKubernetesApi(settings: KubernetesApiSettings): Promise<KubernetesApi> {
  const objects = new ObjectStore();
  for (const object of [...clusterOwnObjects, ...settings.objects]) objects.add(object);
  const groups = [...settings.groups];
  const { review = reviewAnswer } = settings;
  const counts = new Map<string, number>();

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://kubernetes');
    counts.set(url.pathname, (counts.get(url.pathname) ?? 0) + 1);
    void answer({ groups, objects, review, request, response, url });
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  writeFileSync(settings.kubeconfig, kubeconfigFor(url));

  return {
    url,
    objects,
    addGroup: (group) => groups.push(group),
    requestCounts: () => new Map(counts),
    resetRequestCounts: () => counts.clear(),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'golden', cluster: { server } }],
    users: [{ name: 'golden', user: {} }],
    contexts: [{ name: 'golden', context: { cluster: 'golden', user: 'golden' } }],
    'current-context': 'golden',
  });
}

interface Exchange {
  readonly groups: readonly ServedGroup[];
  readonly objects: ObjectStore;
  readonly review: AnswerReview;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

/** An answer that is an error: becomes a metav1.Status. */
class StatusError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

const notFound = () =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource');
const notAcceptable = () =>
  new StatusError(406, 'NotAcceptable', 'only application/json can be produced');
const badRequest = (message: string) => new StatusError(400, 'BadRequest', message);

async function answer(exchange: Exchange): Promise<void> {
  try {
    if (exchange.request.method === 'POST') await sendReview(exchange);
    else if (exchange.request.method === 'GET') route(exchange);
    else throw new StatusError(405, 'MethodNotAllowed', 'this server can only be read');
  } catch (error) {
    const known =
      error instanceof StatusError ? error : new StatusError(500, 'InternalError', String(error));
    send(exchange.response, known.code, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: known.message,
      reason: known.reason,
      code: known.code,
    });
  }
}

async function sendReview({ request, response, review, url }: Exchange): Promise<void> {
  const reviewed = await review(url.pathname, await json(request));
  if (reviewed === undefined) {
    throw new StatusError(405, 'MethodNotAllowed', 'nothing but reviews can be created');
  }
  send(response, 201, reviewed);
}

function route(exchange: Exchange): void {
  const segments = exchange.url.pathname.replace(/\/$/, '').split('/').slice(1);
  const [root, ...rest] = segments.map(decodeURIComponent);
  if (root === 'api') {
    routeGroup(exchange, '', rest);
  } else if (root === 'apis') {
    const [group, ...below] = rest;
    if (group === undefined) sendGroups(exchange);
    else routeGroup(exchange, group, below);
  } else if (root === 'version') {
    send(exchange.response, 200, { major: '1', minor: '36', gitVersion: 'v1.36.2' });
  } else {
    throw notFound();
  }
}

const aggregatedKinds = [
  'APIGroupDiscoveryList/apidiscovery.k8s.io/v2',
  'APIGroupDiscoveryList/apidiscovery.k8s.io/v2beta1',
];

function sendGroups(exchange: Exchange): void {
  const form = accept(exchange, aggregatedKinds);
  const named = exchange.groups.filter(({ name }) => name !== '');
  if (form.as === undefined) send(exchange.response, 200, groupListDocument(named));
  else sendAggregated(exchange, named, form);
}

function sendAggregated(
  { response }: Exchange,
  groups: readonly ServedGroup[],
  { version }: AcceptedForm,
): void {
  const served = version === 'v2beta1' ? 'v2beta1' : 'v2';
  const mediaType = `application/json;g=apidiscovery.k8s.io;v=${served};as=APIGroupDiscoveryList`;
  send(response, 200, aggregatedDocument(groups, served), mediaType);
}

function routeGroup(exchange: Exchange, name: string, path: readonly string[]): void {
  const group = exchange.groups.find((served) => served.name === name);
  if (group === undefined) throw notFound();
  const [version, ...below] = path;
  if (version !== undefined && !group.versions.includes(version)) throw notFound();
  if (version === undefined) sendGroup(exchange, group);
  else if (below.length === 0) send(exchange.response, 200, resourceListDocument(group, version));
  else routeResource(exchange, group, version, below);
}

function sendGroup(exchange: Exchange, group: ServedGroup): void {
  const form = accept(exchange, group.name === '' ? aggregatedKinds : []);
  if (form.as !== undefined) sendAggregated(exchange, [group], form);
  else if (group.name !== '') send(exchange.response, 200, groupDocument(group));
  else send(exchange.response, 200, apiVersionsDocument(group, exchange.url.host));
}

/** The part of a path below a group and version. */
interface Target {
  readonly group: ServedGroup;
  readonly version: string;
  readonly resource: ServedResource;
  /** Undefined: of all namespaces, or root-scoped. */
  readonly namespace: string | undefined;
  /** Undefined: the list. */
  readonly name: string | undefined;
}

function routeResource(
  exchange: Exchange,
  group: ServedGroup,
  version: string,
  path: readonly string[],
): void {
  const target = findTarget(group, version, path);
  if (target === undefined) throw notFound();
  if (target.name !== undefined) sendObject(exchange, target, target.name);
  else if (exchange.url.searchParams.get('watch') === 'true') sendWatch(exchange, target);
  else sendList(exchange, target);
}

/** `[namespaces/<ns>/]<resource>[/<name>]`; `namespaces/<ns>` alone is the namespace itself. */
function findTarget(
  group: ServedGroup,
  version: string,
  path: readonly string[],
): Target | undefined {
  const isScoped = path[0] === 'namespaces' && path.length > 2;
  const [plural = '', name, ...more] = isScoped ? path.slice(2) : path;
  const resource = resourceOf(group, version, plural);
  if (resource === undefined || more.length > 0) return undefined;
  if (resource.namespaced ? name !== undefined && !isScoped : isScoped) return undefined;
  return { group, version, resource, namespace: isScoped ? path[1] : undefined, name };
}

function sendObject(exchange: Exchange, target: Target, name: string): void {
  const form = accept(exchange, ['PartialObjectMetadata/meta.k8s.io/v1']);
  requireVerb(target, 'get');
  const object = objectsOf(exchange, target).find(({ metadata }) => metadata.name === name);
  if (object === undefined) {
    const qualified = [target.resource.name, target.group.name].filter((part) => part !== '');
    throw new StatusError(404, 'NotFound', `${qualified.join('.')} "${name}" not found`);
  }
  const shown = showObject(object, target.group, target.version);
  send(exchange.response, 200, form.as === undefined ? shown : metadataOnly(shown));
}

function sendList(exchange: Exchange, target: Target): void {
  const form = accept(exchange, ['PartialObjectMetadataList/meta.k8s.io/v1']);
  requireVerb(target, 'list');
  const selected = objectsOf(exchange, target).filter(selectionOf(exchange.url));
  const { page, next, left } = pageOf(selected, exchange.url);
  const shown = page.map((object) => showObject(object, target.group, target.version));
  const isPartial = form.as !== undefined;
  send(exchange.response, 200, {
    kind: isPartial ? 'PartialObjectMetadataList' : `${target.resource.kind}List`,
    apiVersion: isPartial ? 'meta.k8s.io/v1' : groupVersion(target.group.name, target.version),
    metadata: {
      resourceVersion: String(exchange.objects.resourceVersion),
      ...(next === undefined ? {} : { continue: next, remainingItemCount: left }),
    },
    items: isPartial ? shown.map(metadataOnly) : shown,
  });
}

/** The objects so far (where no resource version is given), then every change, until cut off. */
function sendWatch(exchange: Exchange, target: Target): void {
  const form = accept(exchange, ['PartialObjectMetadata/meta.k8s.io/v1']);
  requireVerb(target, 'watch');
  const { url, response, objects } = exchange;
  const isSelected = selectionOf(url);
  const show = (object: KubernetesObject) => {
    const shown = showObject(object, target.group, target.version);
    return form.as === undefined ? shown : metadataOnly(shown);
  };
  const tell = (type: string, object: KubernetesObject) =>
    response.write(`${JSON.stringify({ type, object })}\n`);
  const tellChange = ({ type, group, kind, object }: ObjectChange) => {
    const isOurs = group === target.group.name && kind === target.resource.kind;
    const isInside =
      target.namespace === undefined || object.metadata.namespace === target.namespace;
    if (isOurs && isInside && isSelected(object)) tell(type, show(object));
  };
  const tellBookmark = (annotations: object) => {
    const metadata = { name: '', resourceVersion: String(objects.resourceVersion), ...annotations };
    const apiVersion = groupVersion(target.group.name, target.version);
    tell('BOOKMARK', { apiVersion, kind: target.resource.kind, metadata });
  };

  response.writeHead(200, { 'content-type': 'application/json;stream=watch' });
  response.flushHeaders();
  const since = url.searchParams.get('resourceVersion') ?? '';
  if (since === '' || since === '0') {
    for (const object of objectsOf(exchange, target).filter(isSelected))
      tell('ADDED', show(object));
  } else {
    const missed = objects.changesAfter(Number(since), target.group.name, target.resource.kind);
    for (const change of missed) tellChange(change);
  }
  if (url.searchParams.get('allowWatchBookmarks') === 'true') {
    const isInitial = url.searchParams.get('sendInitialEvents') === 'true';
    tellBookmark(isInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {});
  }
  const unfollow = objects.follow(tellChange);
  const seconds = Number(url.searchParams.get('timeoutSeconds') ?? '0');
  const timer = seconds > 0 ? setTimeout(() => response.end(), seconds * 1000) : undefined;
  response.on('close', () => {
    unfollow();
    clearTimeout(timer);
  });
}

function objectsOf({ objects }: Exchange, target: Target): readonly KubernetesObject[] {
  return objects.list(target.group.name, target.resource.kind, target.namespace);
}

function requireVerb({ resource }: Target, verb: string): void {
  if (resource.verbs.includes(verb)) return;
  throw new StatusError(405, 'MethodNotAllowed', `${resource.name} does not support ${verb}`);
}

function accept({ request }: Exchange, conversions: readonly string[]): AcceptedForm {
  const form = acceptedForm(request.headers.accept, conversions);
  if (form === undefined) throw notAcceptable();
  return form;
}

/** What `labelSelector` and `fieldSelector` leave of the objects. */
function selectionOf(url: URL): (object: KubernetesObject) => boolean {
  const byLabels = labelSelection(url.searchParams.get('labelSelector') ?? '');
  const byFields = fieldSelection(url.searchParams.get('fieldSelector') ?? '');
  return (object) => byLabels(object) && byFields(object);
}

function labelSelection(text: string): (object: KubernetesObject) => boolean {
  try {
    const selector = parseLabelSelector(text);
    return ({ metadata }) => selectorMatches(selector, metadata.labels ?? {});
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
}

function fieldSelection(text: string): (object: KubernetesObject) => boolean {
  const terms = text === '' ? [] : text.split(',').map(fieldTerm);
  return (object) => terms.every((term) => term(object));
}

function fieldTerm(term: string): (object: KubernetesObject) => boolean {
  const match = /^(metadata\.name|metadata\.namespace|status\.phase)(==|=|!=)(.*)$/.exec(term);
  if (match === null) {
    throw badRequest(`"${term}": only metadata.name, metadata.namespace and status.phase`);
  }
  const [, field = '', operator, value] = match;
  return (object) => (fieldOf(object, field) === value) === (operator !== '!=');
}

function fieldOf({ metadata, status }: KubernetesObject, field: string): unknown {
  if (field === 'metadata.name') return metadata.name;
  if (field === 'metadata.namespace') return metadata.namespace ?? '';
  return typeof status === 'object' && status !== null ? Reflect.get(status, 'phase') : undefined;
}

/** The page of a list for `limit` and `continue`; the token is the number of the first item. */
function pageOf(
  objects: readonly KubernetesObject[],
  { searchParams }: URL,
): { page: readonly KubernetesObject[]; next: string | undefined; left: number } {
  const limit = numberParameter(searchParams, 'limit');
  const start = numberParameter(searchParams, 'continue');
  const end = limit === 0 ? objects.length : start + limit;
  const left = Math.max(0, objects.length - end);
  return { page: objects.slice(start, end), next: left > 0 ? String(end) : undefined, left };
}

function numberParameter(parameters: URLSearchParams, name: string): number {
  const text = parameters.get(name) ?? '';
  if (!/^\d*$/.test(text)) throw badRequest(`${name}: "${text}" is not a number`);
  return Number(text);
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  contentType = 'application/json',
): void {
  response.writeHead(status, { 'content-type': contentType }).end(JSON.stringify(body));
}
