import { describe, expect, it } from 'vitest';
import { NamespaceObjects, type NamespaceSnapshot } from './namespace-objects.ts';

const WEB = { app: 'web' };
const DB = { app: 'db' };

function filled(): NamespaceObjects {
  const objects = new NamespaceObjects('shop');
  objects.put('a', WEB, 100);
  objects.put('c', DB);
  return objects;
}

function contents(snapshot: NamespaceSnapshot): readonly unknown[] {
  return snapshot.names.map((name, index) => [
    name,
    snapshot.labels[index],
    snapshot.createdAt(index),
  ]);
}

describe('NamespaceObjects', () => {
  it('reports the kind of a change', () => {
    const objects = filled();
    expect(objects.put('a', WEB, 100)).toBe('same');
    expect(objects.put('c', DB)).toBe('same');
    expect(objects.put('a', DB, 100)).toBe('changed');
    expect(objects.put('a', DB, 101)).toBe('changed');
    expect(objects.put('c', DB, 102)).toBe('changed');
    expect(objects.put('b', WEB)).toBe('added');
    expect(objects.remove('nothing')).toBe(false);
    expect(objects.remove('c')).toBe(true);
    expect(contents(objects.snapshot())).toEqual([
      ['a', DB, 101],
      ['b', WEB, undefined],
    ]);
    expect(objects.size).toBe(2);
  });

  it.each([
    ['an object is added', (objects: NamespaceObjects) => objects.put('b', DB, 7)],
    ['one gets other labels', (objects: NamespaceObjects) => objects.put('a', DB, 100)],
    ['one is recreated', (objects: NamespaceObjects) => objects.put('a', WEB, 101)],
    ['one is removed', (objects: NamespaceObjects) => objects.remove('a')],
  ])('has a snapshot that does not change when %s', (_what, change) => {
    const objects = filled();
    const before = objects.snapshot();
    const was = contents(before);
    change(objects);
    expect(contents(before)).toEqual(was);
    expect(contents(objects.snapshot())).not.toEqual(was);
  });

  it('has the same arrays in all snapshots until something changes', () => {
    const objects = filled();
    const { names } = objects.snapshot();
    objects.put('a', WEB, 100);
    expect(objects.snapshot().names).toBe(names);
    objects.put('b', WEB);
    const changed = objects.snapshot().names;
    expect(changed).not.toBe(names);
    objects.put('d', WEB);
    expect(objects.snapshot().names).toEqual(['a', 'b', 'c', 'd']);
  });

  it('finds an object by its name', () => {
    const snapshot = filled().snapshot();
    expect(['a', 'b', 'c', 'd', ''].map((name) => snapshot.find(name))).toEqual([
      0,
      undefined,
      1,
      undefined,
      undefined,
    ]);
  });
});
