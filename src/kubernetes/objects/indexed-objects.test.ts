import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectorMatches } from '../../apimachinery/label-selector.ts';
import { parseLabelSelector } from '../../apimachinery/label-selector-parser.ts';
import { IndexedObjects } from './indexed-objects.ts';
import { LabelPool } from './label-pool.ts';

const everything = parseLabelSelector('');

function object(namespace: string, name: string, labels = {}, createdAt?: number) {
  return { namespace, name, labels, createdAt, resourceVersion: '1' };
}

function indexOf(...objects: readonly ReturnType<typeof object>[]): IndexedObjects {
  const index = new IndexedObjects(new LabelPool());
  for (const each of objects) index.put(each);
  return index;
}

describe('IndexedObjects', () => {
  it('finds the names that match a selector in a namespace, sorted', async () => {
    const index = indexOf(
      object('shop', 'b', { app: 'web' }),
      object('shop', 'a', { app: 'web' }),
      object('shop', 'c', { app: 'db' }),
      object('lab', 'd', { app: 'web' }),
    );
    const web = parseLabelSelector('app=web');
    expect(await index.names({ namespace: 'shop', selector: web })).toEqual(['a', 'b']);
    expect(await index.names({ namespace: 'shop', selector: everything })).toEqual(['a', 'b', 'c']);
    expect(await index.names({ namespace: 'none', selector: everything })).toEqual([]);
    expect(index.size).toBe(4);
  });

  it('names objects of all namespaces once', async () => {
    const index = indexOf(object('shop', 'a'), object('lab', 'b'), object('lab', 'a'));
    const all = { namespace: undefined, selector: everything };
    expect(await index.names(all)).toEqual(['a', 'b']);
    index.put(object('lab', 'c'));
    expect(await index.names(all)).toEqual(['a', 'b', 'c']);
  });

  it('returns objects in the order of the API server: a-b is before a', async () => {
    const index = indexOf(
      object('a', 'x', { app: 'web' }, 1_700_000_000),
      object('a-b', 'y'),
      object('b', 'x'),
    );
    const all = await index.objects({ namespace: undefined, selector: everything });
    expect(all.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
      'a-b/y',
      'a/x',
      'b/x',
    ]);
    expect(await index.objects({ namespace: undefined, name: 'x', selector: everything })).toEqual([
      { namespace: 'a', name: 'x', labels: { app: 'web' }, createdAt: 1_700_000_000 },
      { namespace: 'b', name: 'x', labels: {}, createdAt: undefined },
    ]);
    const none = { namespace: 'b', name: 'x', selector: parseLabelSelector('app') };
    expect(await index.objects(none)).toEqual([]);
  });

  it('has no namespace for root-scoped objects', async () => {
    const index = indexOf(object('', 'node-1'));
    const query = { namespace: undefined, selector: everything };
    expect(await index.objects(query)).toEqual([
      { namespace: undefined, name: 'node-1', labels: {}, createdAt: undefined },
    ]);
  });

  it('recomputes a selection only after a change of labels or objects', async () => {
    const index = indexOf(object('shop', 'a', { app: 'web' }), object('lab', 'b'));
    const query = { namespace: 'shop', selector: parseLabelSelector('app=web') };
    const before = await index.names(query);
    index.put(object('shop', 'a', { app: 'web' }));
    index.put(object('lab', 'c'));
    expect(await index.names(query)).toBe(before);
    index.put(object('shop', 'a', { app: 'db' }));
    expect(await index.names(query)).toEqual([]);
  });

  it('distinguishes a re-created namespace from the previous one', async () => {
    const index = indexOf(object('shop', 'a'));
    const query = { namespace: 'shop', selector: everything };
    expect(await index.names(query)).toEqual(['a']);
    index.remove(object('shop', 'a'));
    expect(await index.names(query)).toEqual([]);
    index.put(object('shop', 'b'));
    expect(await index.names(query)).toEqual(['b']);
  });

  it('removes the labels of deleted objects', async () => {
    const pool = new LabelPool();
    const index = new IndexedObjects(pool);
    for (let pod = 0; pod < 20_000; pod += 1) {
      index.put(object('shop', `pod-${pod}`, { hash: String(pod) }));
      if (pod > 0) index.remove(object('shop', `pod-${pod - 1}`));
    }
    expect(index.size).toBe(1);
    await expect.poll(() => pool.size).toBeLessThanOrEqual(2 * index.size + 1_000);
  });

  it('removes labels that objects no longer have', async () => {
    const pool = new LabelPool();
    const index = new IndexedObjects(pool);
    // In two bursts: the second one during the removal of the labels of the first.
    for (let burst = 0; burst < 2; burst += 1) {
      for (let version = 0; version < 3_000; version += 1) {
        index.put(object('shop', `pod-${version % 10}`, { version: `${burst}-${version}` }));
      }
      await Promise.resolve();
    }
    await expect.poll(() => pool.size).toBeLessThanOrEqual(2 * index.size + 1_000);
    expect(await index.objects({ namespace: 'shop', selector: everything })).toHaveLength(10);
  });

  it('returns results of a snapshot, regardless of concurrent changes', async () => {
    const index = new IndexedObjects(new LabelPool());
    const names = Array.from({ length: 30_000 }, (_, number) => `pod-${100_000 + number}`);
    for (const name of names) index.put(object('shop', name, { app: 'web', id: name }));
    const selector = parseLabelSelector('app=web,id!=x');
    const query = { namespace: undefined, selector };
    let changes = 0;
    let isDone = false;
    const change = (): void => {
      if (isDone) return;
      index.remove(object('shop', names[changes * 7] ?? ''));
      index.put(object('shop', `new-${changes}`, { app: 'web' }));
      index.put(object(`new-${changes}`, 'pod', { app: 'web' }));
      changes += 1;
      setImmediate(change);
    };
    setImmediate(change);
    const [objects, picked] = await Promise.all([index.objects(query), index.names(query)]);
    isDone = true;
    // Other work ran in between.
    expect(changes).toBeGreaterThan(1);
    expect(objects.map(({ name }) => name)).toEqual(names);
    expect(picked).toEqual(names);
    const later = await index.names(query);
    expect(later).not.toContain(names[0]);
    expect(later).toContain('new-0');
  });

  it('gives the same results as a linear search', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd-0', 'd.1');
    const namespace = fc.constantFrom('x', 'x-y', 'z');
    const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('1', '2'));
    const change = fc.record({ namespace, name, labels, isRemoval: fc.boolean() });
    const selectors = ['', 'app', 'app=1', 'tier!=2', 'app in (1,2),!tier', 'app>1'];
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
        const index = new IndexedObjects(new LabelPool());
        const plain = new Map<string, ReturnType<typeof object>>();
        for (const { isRemoval, ...rest } of changes) {
          const each = object(rest.namespace, rest.name, rest.labels);
          const key = `${each.namespace}/${each.name}`;
          if (isRemoval) plain.delete(key);
          else plain.set(key, each);
          if (isRemoval) index.remove(each);
          else index.put(each);

          for (const selector of selectors.map(parseLabelSelector)) {
            const matching = [...plain.entries()]
              .filter(([, found]) => selectorMatches(selector, found.labels))
              .sort(([one], [other]) => (one < other ? -1 : 1))
              .map(([, found]) => found);
            for (const place of ['x', 'x-y', 'z', undefined]) {
              const inside = matching.filter(
                (found) => (place ?? found.namespace) === found.namespace,
              );
              const query = { namespace: place, selector };
              expect(await index.objects(query)).toMatchObject(
                inside.map((found) => ({ namespace: found.namespace, name: found.name })),
              );
              const names = [...new Set(inside.map((found) => found.name))].sort();
              expect(await index.names(query)).toEqual(names);
            }
          }
          expect(index.size).toBe(plain.size);
        }
      }),
      { numRuns: 50 },
    );
  });
});
