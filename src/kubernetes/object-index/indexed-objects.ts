import {
  formatLabelSelector,
  type LabelSelector,
  selectorMatches,
} from '../../apimachinery/label-selector.ts';
import type { LabelPool, LabelSet } from './label-pool.ts';
import { NamespaceObjects } from './namespace-objects.ts';
import type { ObjectMetadata } from './object-metadata.ts';
import { SelectionMemo } from './selection-memo.ts';

/** An object, as far as an index knows it. */
export interface IndexedObject {
  /** Undefined for root-scoped objects. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In seconds of the epoch; undefined where the API server tells none. */
  readonly createdAt: number | undefined;
}

/** Which objects of an index are asked for. */
export interface ObjectQuery {
  /** Undefined: of all namespaces, and of root-scoped resources. */
  readonly namespace: string | undefined;
  /** Undefined: whatever they are called. */
  readonly name?: string | undefined;
  readonly selector: LabelSelector;
}

/** 4 MB at most. */
const MOST_REMEMBERED_NAMES = 500_000;

/** The objects of one resource in memory. Root-scoped ones are in the namespace with the empty name. */
export class IndexedObjects {
  private readonly pool: LabelPool;
  private readonly namespaces = new Map<string, Slot>();
  private readonly memo = new SelectionMemo(MOST_REMEMBERED_NAMES);
  private sorted: readonly NamespaceObjects[] | undefined;
  private count = 0;
  private version = 0;
  /** How many label sets may have gone out of use since the pool was last looked through. */
  private dropped = 0;

  /** @param pool shared with the index that this one replaces. */
  constructor(pool: LabelPool) {
    this.pool = pool;
  }

  get size(): number {
    return this.count;
  }

  put({ namespace, name, labels, createdAt }: ObjectMetadata): void {
    const slot = this.slotOf(namespace);
    const change = slot.objects.put(name, this.pool.share(labels), createdAt);
    // Most changes of a pod are of its status: what selectors picked stays.
    if (change === 'same') return;
    if (change === 'added') this.count += 1;
    else this.dropped += 1;
    this.changed(slot);
  }

  remove({ namespace, name }: Pick<ObjectMetadata, 'namespace' | 'name'>): void {
    const slot = this.namespaces.get(namespace);
    if (slot?.objects.remove(name) !== true) return;
    this.count -= 1;
    this.dropped += 1;
    if (slot.objects.size === 0) {
      this.namespaces.delete(namespace);
      this.sorted = undefined;
    }
    this.changed(slot);
  }

  /** The names of the objects that a selector picks, sorted, each once. */
  names({ namespace, selector }: ObjectQuery): readonly string[] {
    const slot = namespace === undefined ? undefined : this.namespaces.get(namespace);
    if (namespace !== undefined && slot === undefined) return [];
    const key = `${namespace ?? ''}?${formatLabelSelector(selector)}`;
    return this.memo.get(key, slot?.version ?? this.version, () => {
      if (slot !== undefined) return namesPicked(slot.objects, selector);
      return [...new Set(this.all().flatMap((each) => namesPicked(each, selector)))].toSorted();
    });
  }

  /** The objects that are asked for, in the order of the API server: by namespace, then by name. */
  objects({ namespace, name, selector }: ObjectQuery): readonly IndexedObject[] {
    const slot = namespace === undefined ? undefined : this.namespaces.get(namespace);
    const places = namespace === undefined ? this.all() : slot === undefined ? [] : [slot.objects];
    return places.flatMap((place) =>
      picked(place, selector, name).map((index) => objectAt(place, index)),
    );
  }

  /** Lets go of labels that no object has any more. */
  tidy(): void {
    this.pool.keepOnly(this.labelSets());
    this.dropped = 0;
  }

  private *labelSets(): Generator<LabelSet> {
    for (const { objects } of this.namespaces.values()) yield* objects.labels();
  }

  private slotOf(namespace: string): Slot {
    const known = this.namespaces.get(namespace);
    if (known !== undefined) return known;
    const slot: Slot = { objects: new NamespaceObjects(namespace), version: 0 };
    this.namespaces.set(namespace, slot);
    this.sorted = undefined;
    return slot;
  }

  private changed(slot: Slot): void {
    this.version += 1;
    slot.version = this.version;
    if (this.dropped > this.count + 1_000) this.tidy();
  }

  /** As the API server sorts them: by `namespace/name`, so that `a-b` is before `a`. */
  private all(): readonly NamespaceObjects[] {
    this.sorted ??= [...this.namespaces.values()]
      .map(({ objects }) => objects)
      .sort((a, b) => (`${a.namespace}/` < `${b.namespace}/` ? -1 : 1));
    return this.sorted;
  }
}

interface Slot {
  readonly objects: NamespaceObjects;
  /** Of the whole index when this namespace last changed: never one that it had before. */
  version: number;
}

function namesPicked(objects: NamespaceObjects, selector: LabelSelector): readonly string[] {
  const names = objects.names();
  if (selector.length === 0) return names.slice();
  return picked(objects, selector, undefined).map((index) => names[index] ?? '');
}

function picked(
  objects: NamespaceObjects,
  selector: LabelSelector,
  name: string | undefined,
): readonly number[] {
  if (name !== undefined) {
    const index = objects.find(name);
    const isPicked = index !== undefined && selectorMatches(selector, objects.labelsAt(index));
    return isPicked ? [index] : [];
  }
  const found: number[] = [];
  // The pods of a workload have one set of labels and stand side by side.
  let previous: LabelSet | undefined;
  let isPicked = false;
  objects.labels().forEach((labels, index) => {
    if (labels !== previous) isPicked = selectorMatches(selector, labels);
    previous = labels;
    if (isPicked) found.push(index);
  });
  return found;
}

function objectAt(objects: NamespaceObjects, index: number): IndexedObject {
  return {
    namespace: objects.namespace === '' ? undefined : objects.namespace,
    name: objects.names()[index] ?? '',
    labels: objects.labelsAt(index),
    createdAt: objects.createdAt(index),
  };
}
