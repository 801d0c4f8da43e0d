import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregatedDocument, parseGroups } from '../../../test/golden/kubernetes-discovery.ts';
import { configNames, loadCases, readData } from '../../../test/golden/recorded-cases.ts';
import { type ClusterResource, qualifiedName } from '../../apimachinery/cluster-resource.ts';
import { parseAggregatedDiscovery } from './discovery-documents.ts';
import { createResourceMapper } from './resource-mapper.ts';

const groups = parseGroups(readData('kube-discovery.json'));
const discovered = parseAggregatedDiscovery(aggregatedDocument(groups, 'v2')) ?? [];
const recorded = createResourceMapper(discovered.flatMap(({ resources }) => resources ?? []));

function resource(group: string, name: string, more: Partial<ClusterResource> = {}) {
  return {
    group,
    version: 'v1',
    resource: name,
    singular: name.replace(/s$/, ''),
    kind: name,
    namespaced: true,
    ...more,
  };
}

describe('createResourceMapper over the recorded cluster', () => {
  it.each([
    ['', 'pods', 'pods'],
    ['', 'pod', 'pods'],
    ['', 'PODS', 'pods'],
    ['', 'Node', 'nodes'],
    ['', 'endpoints', 'endpoints'],
    ['', 'ingress', 'ingresses.networking.k8s.io'],
    ['', 'deployments', 'deployments.apps'],
    ['app', 'deployments', 'deployments.apps'],
    ['networking', 'ingress', 'ingresses.networking.k8s.io'],
    ['', 'jobs', 'jobs.batch'],
    ['batch', 'jobs', 'jobs.batch'],
    ['work.example.com', 'job', 'jobs.work.example.com'],
    ['work', 'job', 'jobs.work.example.com'],
    ['', 'events', 'events'],
    ['events.k8s.io', 'events', 'events.events.k8s.io'],
    ['cheese', 'brand', 'brands.cheese.io'],
    ['', 'dairies', 'dairies.cheese.io'],
  ])('finds group "%s", resource "%s" as %s', (group, name, expected) => {
    const found = recorded.find(group, name);
    expect(found && qualifiedName(found)).toBe(expected);
  });

  it.each([
    ['', 'po'],
    ['', 'no'],
    ['', 'pv'],
    ['', 'svc'],
    ['', 'widgets'],
    ['', ''],
    ['extensions', 'deployments'],
    ['cheese_io', 'brands'],
    ['APPS', 'deployments'],
    ['apps', 'pods'],
    ['', 'pods/log'],
    ['', 'constructor'],
    ['__proto__', 'toString'],
  ])('finds nothing for group "%s", resource "%s"', (group, name) => {
    expect(recorded.find(group, name)).toBeUndefined();
  });

  it('uses the preferred version of a resource', () => {
    expect(recorded.find('autoscaling', 'horizontalpodautoscalers')?.version).toBe('v2');
    expect(recorded.find('work', 'jobs')?.version).toBe('v1');
    expect(recorded.resources.filter(({ resource }) => resource === 'jobs')).toHaveLength(2);
  });

  it('maps each resource of the recorded requests as the reference adapter does', () => {
    const paths = configNames.flatMap((config) =>
      loadCases(config).flatMap(({ recorded: { request, status, body } }) => {
        const described = status === 200 ? describedObject(body) : undefined;
        const asked = resourceIn(request.path);
        return described === undefined || asked === undefined ? [] : [{ asked, described }];
      }),
    );
    expect(paths.length).toBeGreaterThan(100);
    for (const { asked, described } of paths) {
      const dot = asked.indexOf('.');
      const found =
        dot < 0
          ? recorded.find('', asked)
          : recorded.find(asked.slice(dot + 1), asked.slice(0, dot));
      expect(found && { kind: found.kind, apiVersion: `${found.group}/${found.version}` }).toEqual(
        described,
      );
    }
  });
});

describe('createResourceMapper', () => {
  it('uses the first resource if a name matches several groups', () => {
    const mapper = createResourceMapper([resource('b.example', 'cats'), resource('a.b', 'cats')]);
    expect(mapper.find('', 'cat')?.group).toBe('b.example');
    expect(mapper.find('a', 'cat')?.group).toBe('a.b');
  });

  it('prefers an exact group to a prefix', () => {
    const mapper = createResourceMapper([
      resource('apps.example', 'cats'),
      resource('apps', 'cats'),
    ]);
    expect(mapper.find('apps', 'cats')?.group).toBe('apps');
    expect(mapper.find('app', 'cats')?.group).toBe('apps.example');
  });

  it('leaves subresources out', () => {
    const mapper = createResourceMapper([resource('', 'pods'), resource('', 'pods/log')]);
    expect(mapper.resources.map((each) => each.resource)).toEqual(['pods']);
    expect(mapper.find('', 'pods/log')).toBeUndefined();
  });

  it('does not follow later changes of its input', () => {
    const input = [resource('', 'pods')];
    const mapper = createResourceMapper(input);
    input.push(resource('', 'nodes'));
    expect(mapper.find('', 'nodes')).toBeUndefined();
    expect(Object.isFrozen(mapper.resources)).toBe(true);
    expect(Object.isFrozen(mapper.find('', 'pods'))).toBe(true);
  });

  const name = fc.oneof(fc.stringMatching(/^[a-z]{1,3}$/), fc.string());
  const resources = fc.array(
    fc.record({
      group: fc.oneof(fc.constant(''), fc.stringMatching(/^[a-z]{1,2}(\.[a-z])?$/)),
      version: fc.constantFrom('v1', 'v2'),
      resource: name,
      singular: name,
      kind: name,
      namespaced: fc.boolean(),
    }),
  );

  it('never throws, and finds only what fits', () => {
    fc.assert(
      fc.property(resources, name, name, (all, group, asked) => {
        const found = createResourceMapper(all).find(group, asked);
        if (found === undefined) return;
        expect(found.group.startsWith(group)).toBe(true);
        expect([found.resource.toLowerCase(), found.singular.toLowerCase()]).toContain(
          asked.toLowerCase(),
        );
      }),
    );
  });

  it('finds each resource by plural or singular name within its group', () => {
    fc.assert(
      fc.property(resources, (all) => {
        const mapper = createResourceMapper(all);
        for (const each of mapper.resources) {
          for (const name of [each.resource, each.singular]) {
            const found = mapper.find(each.group, name);
            expect(found).toBeDefined();
            if (each.group !== '') expect(found?.group).toBe(each.group);
          }
        }
      }),
    );
  });
});

/** `pods` of `/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/web-0/metric`. */
function resourceIn(path: string): string | undefined {
  const [, , api, , ...below] = path.replace(/\?.*/, '').split('/');
  if (api !== 'custom.metrics.k8s.io' || below.includes('')) return undefined;
  if (below[0] === 'namespaces') return below.length === 5 ? below[2] : undefined;
  return below.length === 3 ? below[0] : undefined;
}

function describedObject(body: unknown): { kind: string; apiVersion: string } | undefined {
  if (typeof body !== 'object' || body === null || !('items' in body)) return undefined;
  const item: unknown = Array.isArray(body.items) ? body.items[0] : undefined;
  if (typeof item !== 'object' || item === null || !('describedObject' in item)) return undefined;
  const described = item.describedObject;
  if (typeof described !== 'object' || described === null) return undefined;
  const { kind, apiVersion }: { kind?: unknown; apiVersion?: unknown } = described;
  return { kind: String(kind), apiVersion: String(apiVersion) };
}
