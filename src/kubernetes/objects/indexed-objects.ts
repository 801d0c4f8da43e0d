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

/** The metadata of an object in the index. */
export interface IndexedObject {
  /** Undefined for root-scoped objects. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In seconds since the epoch; undefined if unknown. */
  readonly createdAt: number | undefined;
}

/** Selects objects of an index. */
export interface ObjectQuery {
  /** Undefined: all namespaces, and for root-scoped resources. */
  readonly namespace: string | undefined;
  /** Undefined: all names. */
  readonly name?: string | undefined;
  readonly selector: LabelSelector;
}

/** Uses at most 4 MB. */
const MAX_CACHED_NAMES = 500_000;

/** The objects of one resource. Root-scoped objects are in the namespace with the empty name. */
export class IndexedObjects {
  readonly #pool: LabelPool;
  readonly #namespaces = new Map<string, Slot>();
  readonly #memo = new SelectionMemo(MAX_CACHED_NAMES);
  /** In the order of the API server; see {@link positionOf}. */
  readonly #sorted: NamespaceObjects[] = [];
  #count = 0;
  #version = 0;
  /** An upper bound of the label sets that are unused since the pool was last tidied. */
  #dropped = 0;
  #isTidying = false;

  /** @param pool shared with the index that this one replaces */
  constructor(pool: LabelPool) {
    this.#pool = pool;
  }

  get size(): number {
    return this.#count;
  }

  put({ namespace, name, labels, createdAt }: ObjectMetadata): void {
    const slot = this.#slotOf(namespace);
    const change = slot.objects.put(name, this.#pool.share(labels), createdAt);
    // Most changes of a pod are changes of its status, which do not affect selections.
    if (change === 'same') return;
    if (change === 'added') this.#count += 1;
    else this.#dropped += 1;
    this.#changed(slot);
  }

  remove({ namespace, name }: Pick<ObjectMetadata, 'namespace' | 'name'>): void {
    const slot = this.#namespaces.get(namespace);
    if (slot?.objects.remove(name) !== true) return;
    this.#count -= 1;
    this.#dropped += 1;
    if (slot.objects.size === 0) {
      this.#namespaces.delete(namespace);
      this.#sorted.splice(this.#positionOf(namespace), 1);
    }
    this.#changed(slot);
  }

  /** The distinct names of the objects that match a selector, sorted. Works in time slices. */
  async names({ namespace, selector }: ObjectQuery): Promise<readonly string[]> {
    const slot = namespace === undefined ? undefined : this.#namespaces.get(namespace);
    if (namespace !== undefined && slot === undefined) return [];
    const key = `${namespace ?? ''}?${formatLabelSelector(selector)}`;
    return this.#memo.get(key, slot?.version ?? this.#version, () =>
      slot === undefined
        ? namesOfAll(this.#snapshots(), selector)
        : namesPicked(slot.objects.snapshot(), selector),
    );
  }

  /**
   * The objects that match, in the order of the API server: by namespace, then by name. Works in time
   * slices.
   */
  async objects({ namespace, name, selector }: ObjectQuery): Promise<readonly IndexedObject[]> {
    const slot = namespace === undefined ? undefined : this.#namespaces.get(namespace);
    const inNamespace = slot === undefined ? [] : [slot.objects.snapshot()];
    const snapshots = namespace === undefined ? this.#snapshots() : inNamespace;
    const slices = createTimeSlices();
    const isPicked = pickedBy(selector);
    const found: IndexedObject[] = [];
    for (const snapshot of snapshots) {
      for (const index of candidates(snapshot, name)) {
        const labels = snapshot.labels[index];
        if (labels !== undefined && isPicked(labels)) found.push(objectAt(snapshot, index, labels));
        if (slices.isOver()) await slices.pause();
      }
    }
    return found;
  }

  /** Removes the labels that no object has anymore. Works in time slices. */
  async tidy(): Promise<void> {
    if (this.#isTidying) return;
    this.#isTidying = true;
    this.#dropped = 0;
    try {
      await this.#pool.keepOnly(() => labelSetsOf(this.#snapshots()));
    } finally {
      this.#isTidying = false;
    }
    // Many labels may have become unused.
    this.#tidyWhenDue();
  }

  #tidyWhenDue(): void {
    if (this.#dropped > this.#count + 1_000) void this.tidy();
  }

  #snapshots(): readonly NamespaceSnapshot[] {
    return this.#sorted.map((objects) => objects.snapshot());
  }

  #slotOf(namespace: string): Slot {
    const known = this.#namespaces.get(namespace);
    if (known !== undefined) return known;
    const slot: Slot = { objects: new NamespaceObjects(namespace), version: 0 };
    this.#namespaces.set(namespace, slot);
    this.#sorted.splice(this.#positionOf(namespace), 0, slot.objects);
    return slot;
  }

  #changed(slot: Slot): void {
    this.#version += 1;
    slot.version = this.#version;
    this.#tidyWhenDue();
  }

  /**
   * The position of a namespace in the order of the API server, which sorts by `namespace/name`: `a-b`
   * precedes `a`.
   */
  #positionOf(namespace: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (`${this.#sorted[middle]?.namespace ?? ''}/` < `${namespace}/`) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface Slot {
  readonly objects: NamespaceObjects;
  /** The version of the whole index at the last change of this namespace. Never repeats. */
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
  snapshots: readonly NamespaceSnapshot[],
  selector: LabelSelector,
): Promise<readonly string[]> {
  const slices = createTimeSlices();
  const distinct = new Set<string>();
  for (const snapshot of snapshots) {
    for (const name of await namesPicked(snapshot, selector)) {
      distinct.add(name);
      if (slices.isOver()) await slices.pause();
    }
  }
  return sortInSlices(distinct, (one, other) => one < other, slices);
}

/** Reuses the last result, since the pods of a workload share a label set and are adjacent. */
function pickedBy(selector: LabelSelector): (labels: LabelSet) => boolean {
  let previous: LabelSet | undefined;
  let isPicked = false;
  return (labels) => {
    if (labels !== previous) isPicked = selectorMatches(selector, labels);
    previous = labels;
    return isPicked;
  };
}

/** The positions of the objects with a name, or of all. */
function* candidates(snapshot: NamespaceSnapshot, name: string | undefined): Generator<number> {
  if (name === undefined) {
    yield* snapshot.names.keys();
    return;
  }
  const index = snapshot.find(name);
  if (index !== undefined) yield index;
}

function* labelSetsOf(snapshots: readonly NamespaceSnapshot[]): Generator<LabelSet> {
  for (const { labels } of snapshots) yield* labels;
}

function objectAt(snapshot: NamespaceSnapshot, index: number, labels: LabelSet): IndexedObject {
  return {
    namespace: snapshot.namespace === '' ? undefined : snapshot.namespace,
    name: snapshot.names[index] ?? '',
    labels,
    createdAt: snapshot.createdAt(index),
  };
}
