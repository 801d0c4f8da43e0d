import {
  formatLabelSelector,
  type LabelSelector,
  selectorMatches,
} from '../../apimachinery/label-selector.ts';
import { sortInSlices } from '../../async/sort-in-slices.ts';
import { createTimeSlices } from '../../async/time-slices.ts';
import type { LabelPool, LabelSet } from './label-pool.ts';
import { NamespaceObjects, type NamespaceSnapshot } from './namespace-objects.ts';
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
  /** In the order of the API server. */
  private readonly sorted: NamespaceObjects[] = [];
  private count = 0;
  private version = 0;
  /** How many label sets may have gone out of use since the pool was last looked through. */
  private dropped = 0;
  private isTidying = false;

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
      this.sorted.splice(this.placeOf(namespace), 1);
    }
    this.changed(slot);
  }

  /** The distinct names of the objects that currently match a selector, sorted. In slices. */
  async names({ namespace, selector }: ObjectQuery): Promise<readonly string[]> {
    const slot = namespace === undefined ? undefined : this.namespaces.get(namespace);
    if (namespace !== undefined && slot === undefined) return [];
    const key = `${namespace ?? ''}?${formatLabelSelector(selector)}`;
    return this.memo.get(key, slot?.version ?? this.version, () =>
      slot === undefined
        ? namesOfAll(this.snapshots(), selector)
        : namesPicked(slot.objects.snapshot(), selector),
    );
  }

  /**
   * The objects that are asked for as they are now, in the order of the API server: by namespace,
   * then by name. In slices.
   */
  async objects({ namespace, name, selector }: ObjectQuery): Promise<readonly IndexedObject[]> {
    const slot = namespace === undefined ? undefined : this.namespaces.get(namespace);
    const inNamespace = slot === undefined ? [] : [slot.objects.snapshot()];
    const places = namespace === undefined ? this.snapshots() : inNamespace;
    const slices = createTimeSlices();
    const isPicked = pickedBy(selector);
    const found: IndexedObject[] = [];
    for (const place of places) {
      for (const index of candidates(place, name)) {
        const labels = place.labels[index];
        if (labels !== undefined && isPicked(labels)) found.push(objectAt(place, index, labels));
        if (slices.isOver()) await slices.pause();
      }
    }
    return found;
  }

  /** Removes labels that no object has any more. In slices. */
  async tidy(): Promise<void> {
    if (this.isTidying) return;
    this.isTidying = true;
    this.dropped = 0;
    try {
      await this.pool.keepOnly(() => labelSetsOf(this.snapshots()));
    } finally {
      this.isTidying = false;
    }
    // Many labels may have become unused.
    this.tidyWhenDue();
  }

  private tidyWhenDue(): void {
    if (this.dropped > this.count + 1_000) void this.tidy();
  }

  private snapshots(): readonly NamespaceSnapshot[] {
    return this.sorted.map((objects) => objects.snapshot());
  }

  private slotOf(namespace: string): Slot {
    const known = this.namespaces.get(namespace);
    if (known !== undefined) return known;
    const slot: Slot = { objects: new NamespaceObjects(namespace), version: 0 };
    this.namespaces.set(namespace, slot);
    this.sorted.splice(this.placeOf(namespace), 0, slot.objects);
    return slot;
  }

  private changed(slot: Slot): void {
    this.version += 1;
    slot.version = this.version;
    this.tidyWhenDue();
  }

  /**
   * Where a namespace is, or belongs, in the order of the API server: by `namespace/name`, so that
   * `a-b` is before `a`.
   */
  private placeOf(namespace: string): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (`${this.sorted[middle]?.namespace ?? ''}/` < `${namespace}/`) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Slot {
  readonly objects: NamespaceObjects;
  /** Of the whole index when this namespace last changed: never one that it had before. */
  version: number;
}

async function namesPicked(
  { names, labels }: NamespaceSnapshot,
  selector: LabelSelector,
): Promise<readonly string[]> {
  if (selector.length === 0) return names;
  const slices = createTimeSlices();
  const isPicked = pickedBy(selector);
  const found: string[] = [];
  for (const [index, name] of names.entries()) {
    const own = labels[index];
    if (own !== undefined && isPicked(own)) found.push(name);
    if (slices.isOver()) await slices.pause();
  }
  return found;
}

async function namesOfAll(
  places: readonly NamespaceSnapshot[],
  selector: LabelSelector,
): Promise<readonly string[]> {
  const slices = createTimeSlices();
  const distinct = new Set<string>();
  for (const place of places) {
    for (const name of await namesPicked(place, selector)) {
      distinct.add(name);
      if (slices.isOver()) await slices.pause();
    }
  }
  return sortInSlices(distinct, (one, other) => one < other, slices);
}

/** The pods of a workload have one set of labels and stand side by side. */
function pickedBy(selector: LabelSelector): (labels: LabelSet) => boolean {
  let previous: LabelSet | undefined;
  let isPicked = false;
  return (labels) => {
    if (labels !== previous) isPicked = selectorMatches(selector, labels);
    previous = labels;
    return isPicked;
  };
}

/** The places of the objects of a name, or of all. */
function* candidates(place: NamespaceSnapshot, name: string | undefined): Generator<number> {
  if (name === undefined) {
    yield* place.names.keys();
    return;
  }
  const index = place.find(name);
  if (index !== undefined) yield index;
}

function* labelSetsOf(places: readonly NamespaceSnapshot[]): Generator<LabelSet> {
  for (const { labels } of places) yield* labels;
}

function objectAt(place: NamespaceSnapshot, index: number, labels: LabelSet): IndexedObject {
  return {
    namespace: place.namespace === '' ? undefined : place.namespace,
    name: place.names[index] ?? '',
    labels,
    createdAt: place.createdAt(index),
  };
}
