import type { LabelSet } from './label-pool.ts';

/** Stands for a creation time that is not known: arrays of small integers take least memory. */
const UNKNOWN = -1;

/**
 * The objects of one namespace, sorted by name. Three arrays instead of an object each: a third of
 * the memory.
 */
export class NamespaceObjects {
  readonly namespace: string;
  private readonly sortedNames: string[] = [];
  private readonly labelSets: LabelSet[] = [];
  private readonly creationTimes: number[] = [];

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  get size(): number {
    return this.sortedNames.length;
  }

  names(): readonly string[] {
    return this.sortedNames;
  }

  labels(): readonly LabelSet[] {
    return this.labelSets;
  }

  /** The place of a name, or undefined. */
  find(name: string): number | undefined {
    const index = this.placeOf(name);
    return this.sortedNames[index] === name ? index : undefined;
  }

  labelsAt(index: number): LabelSet {
    const labels = this.labelSets[index];
    if (labels === undefined) throw new RangeError(`no object ${index} of ${this.size}`);
    return labels;
  }

  /** In seconds of the epoch, or undefined where it is not known. */
  createdAt(index: number): number | undefined {
    const time = this.creationTimes[index];
    return time === UNKNOWN ? undefined : time;
  }

  /** @returns what that changed: `same` where it was there with these labels already. */
  put(name: string, labels: LabelSet, createdAt: number = UNKNOWN): 'added' | 'changed' | 'same' {
    const index = this.placeOf(name);
    if (this.sortedNames[index] !== name) {
      this.insert(index, name, labels, createdAt);
      return 'added';
    }
    const isSame = this.labelSets[index] === labels && this.creationTimes[index] === createdAt;
    this.labelSets[index] = labels;
    this.creationTimes[index] = createdAt;
    return isSame ? 'same' : 'changed';
  }

  /** @returns whether it was there. */
  remove(name: string): boolean {
    const index = this.find(name);
    if (index === undefined) return false;
    this.sortedNames.splice(index, 1);
    this.labelSets.splice(index, 1);
    this.creationTimes.splice(index, 1);
    return true;
  }

  private insert(index: number, name: string, labels: LabelSet, createdAt: number): void {
    this.sortedNames.splice(index, 0, name);
    this.labelSets.splice(index, 0, labels);
    this.creationTimes.splice(index, 0, createdAt);
  }

  /** The first place whose name is not smaller. */
  private placeOf(name: string): number {
    let low = 0;
    let high = this.sortedNames.length;
    // Lists come sorted: mostly it belongs at the end.
    if (high > 0 && (this.sortedNames[high - 1] ?? '') < name) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sortedNames[middle] ?? '') < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
