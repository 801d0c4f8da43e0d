import type { LabelSet } from './label-pool.ts';

/** An unknown creation time. Arrays of small integers use the least memory. */
const UNKNOWN = -1;

/** The objects of one namespace at one moment, sorted by name. */
export class NamespaceSnapshot {
  readonly namespace: string;
  readonly names: readonly string[];
  readonly labels: readonly LabelSet[];
  readonly #creationTimes: readonly number[];

  constructor(
    namespace: string,
    names: readonly string[],
    labels: readonly LabelSet[],
    creationTimes: readonly number[],
  ) {
    this.namespace = namespace;
    this.names = names;
    this.labels = labels;
    this.#creationTimes = creationTimes;
  }

  /** The position of a name, or undefined. */
  find(name: string): number | undefined {
    const index = positionOf(this.names, name);
    return this.names[index] === name ? index : undefined;
  }

  /** In seconds since the epoch; undefined if unknown. */
  createdAt(index: number): number | undefined {
    const time = this.#creationTimes[index];
    return time === UNKNOWN ? undefined : time;
  }
}

/**
 * The objects of one namespace, sorted by name. Three arrays use a third of the memory of one object for
 * each.
 */
export class NamespaceObjects {
  readonly namespace: string;
  #sortedNames: string[] = [];
  #labelSets: LabelSet[] = [];
  #creationTimes: number[] = [];
  /** Whether a snapshot uses the arrays, which are then copied before the next change. */
  #isShared = false;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  get size(): number {
    return this.#sortedNames.length;
  }

  /** A snapshot of the objects. They are copied only at the next change. */
  snapshot(): NamespaceSnapshot {
    this.#isShared = true;
    return new NamespaceSnapshot(
      this.namespace,
      this.#sortedNames,
      this.#labelSets,
      this.#creationTimes,
    );
  }

  /** @returns `same` if the object already has these labels */
  put(name: string, labels: LabelSet, createdAt: number = UNKNOWN): 'added' | 'changed' | 'same' {
    const index = positionOf(this.#sortedNames, name);
    const isKnown = this.#sortedNames[index] === name;
    const isSame = this.#labelSets[index] === labels && this.#creationTimes[index] === createdAt;
    if (isKnown && isSame) return 'same';
    this.#unshare();
    if (!isKnown) {
      this.#insert(index, name, labels, createdAt);
      return 'added';
    }
    this.#labelSets[index] = labels;
    this.#creationTimes[index] = createdAt;
    return 'changed';
  }

  /** @returns whether the object existed */
  remove(name: string): boolean {
    const index = positionOf(this.#sortedNames, name);
    if (this.#sortedNames[index] !== name) return false;
    this.#unshare();
    this.#sortedNames.splice(index, 1);
    this.#labelSets.splice(index, 1);
    this.#creationTimes.splice(index, 1);
    return true;
  }

  #insert(index: number, name: string, labels: LabelSet, createdAt: number): void {
    this.#sortedNames.splice(index, 0, name);
    this.#labelSets.splice(index, 0, labels);
    this.#creationTimes.splice(index, 0, createdAt);
  }

  #unshare(): void {
    if (!this.#isShared) return;
    this.#sortedNames = this.#sortedNames.slice();
    this.#labelSets = this.#labelSets.slice();
    this.#creationTimes = this.#creationTimes.slice();
    this.#isShared = false;
  }
}

/** The first position with a name that is not smaller. */
function positionOf(sortedNames: readonly string[], name: string): number {
  let low = 0;
  let high = sortedNames.length;
  // Lists are sorted, so names are usually appended.
  if (high > 0 && (sortedNames[high - 1] ?? '') < name) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sortedNames[middle] ?? '') < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
